package io.dume.lab;

import io.dume.models.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/**
 * Questions with several answers, by domain: given ones, and ones that are made of held-out text,
 * in which the right one of four continuations is to be found. The wrong ones are continuations of
 * other places of the same domain, so it is not enough to know the domain. Immutable once built.
 */
public final class TaskSet {

  private static final int QUERY = 48;
  private static final int CONTINUATION = 16;
  private static final int CHOICES = 4;
  private static final long SEED = 0;

  private final Map<String, List<ChoiceTask>> tasks;

  private TaskSet(Map<String, List<ChoiceTask>> tasks) {
    this.tasks = Collections.unmodifiableMap(new LinkedHashMap<>(tasks));
  }

  /** No questions. */
  public static TaskSet none() {
    return new TaskSet(Map.of());
  }

  /** Collects questions, and text to make them of. Not thread-safe. */
  public static final class Builder {
    private final Tokenizer tokenizer;
    private final int context;
    private final Map<String, List<ChoiceTask>> given = new LinkedHashMap<>();
    private final Map<String, List<int[]>> parts = new LinkedHashMap<>();

    private Builder(Tokenizer tokenizer, int context) {
      this.tokenizer = tokenizer;
      this.context = context;
    }

    /**
     * Adds a question. Of a query that is too long for the context its end is kept.
     *
     * @param domain its label
     * @param query what stands before the answer
     * @param choices the answers, as they continue the query
     * @param gold index of the right one
     * @throws IllegalArgumentException if a part is missing or a choice is longer than the context
     */
    public void add(String domain, String query, List<String> choices, int gold) {
      List<int[]> answers = choices.stream().map(tokenizer::encode).toList();
      int longest = answers.stream().mapToInt(ids -> ids.length).max().orElse(0);
      if (longest >= context) {
        throw new IllegalArgumentException(
            "a choice of %d tokens does not fit into windows of %d with its query"
                .formatted(longest, context));
      }
      int[] ids = begun(query.isEmpty() ? new int[0] : tokenizer.encode(query));
      int[] end = Arrays.copyOfRange(ids, Math.max(0, ids.length + longest - context), ids.length);
      given.computeIfAbsent(domain, d -> new ArrayList<>()).add(new ChoiceTask(end, answers, gold));
    }

    /** With the token in front that the model's texts have, if they have one. */
    private int[] begun(int[] ids) {
      OptionalInt begin = tokenizer.beginToken();
      if (begin.isEmpty()) {
        return ids;
      }
      int[] all = new int[ids.length + 1];
      all[0] = begin.getAsInt();
      System.arraycopy(ids, 0, all, 1, ids.length);
      return all;
    }

    /** Adds held-out text to make questions of. */
    public void addText(String domain, String text) {
      int[] ids = begun(text.isEmpty() ? new int[0] : tokenizer.encode(text));
      List<int[]> all = parts.computeIfAbsent(domain, d -> new ArrayList<>());
      for (int from = 0; from + QUERY + CONTINUATION <= ids.length; from += QUERY + CONTINUATION) {
        all.add(Arrays.copyOfRange(ids, from, from + QUERY + CONTINUATION));
      }
    }

    /**
     * Makes the set.
     *
     * @param fromText questions for each domain that are made of its text, as far as it goes
     */
    public TaskSet build(int fromText) {
      Map<String, List<ChoiceTask>> all = new LinkedHashMap<>(given);
      parts.forEach(
          (domain, places) -> {
            List<ChoiceTask> made = continuations(places, fromText);
            if (!made.isEmpty()) {
              all.merge(
                  domain,
                  made,
                  (first, second) -> {
                    List<ChoiceTask> both = new ArrayList<>(first);
                    both.addAll(second);
                    return both;
                  });
            }
          });
      return new TaskSet(all);
    }
  }

  /**
   * Begins.
   *
   * @param tokenizer the model's
   * @param context the most tokens of a query and an answer together
   */
  public static Builder builder(Tokenizer tokenizer, int context) {
    return new Builder(tokenizer, context);
  }

  private static List<ChoiceTask> continuations(List<int[]> places, int count) {
    List<ChoiceTask> made = new ArrayList<>();
    if (places.size() < CHOICES) {
      return made;
    }
    SplittableRandom random = new SplittableRandom(SEED);
    // Spread over the text, whatever its length.
    int questions = Math.min(count, places.size());
    for (int i = 0; i < questions; i++) {
      int at = (int) ((long) i * places.size() / questions);
      List<Integer> chosen = new ArrayList<>(List.of(at));
      while (chosen.size() < CHOICES) {
        int other = random.nextInt(places.size());
        if (!chosen.contains(other)) {
          chosen.add(other);
        }
      }
      int gold = random.nextInt(CHOICES);
      Collections.swap(chosen, 0, gold);
      made.add(
          new ChoiceTask(
              Arrays.copyOf(places.get(at), QUERY),
              chosen.stream()
                  .map(place -> Arrays.copyOfRange(places.get(place), QUERY, QUERY + CONTINUATION))
                  .toList(),
              gold));
    }
    return made;
  }

  /** Returns the questions by domain. */
  Map<String, List<ChoiceTask>> tasks() {
    return tasks;
  }

  /** Returns the domains that have questions. */
  public List<String> domains() {
    return List.copyOf(tasks.keySet());
  }
}
