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
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Questions by domain, of two kinds: with several answers of which one is chosen, and with one that
 * is to be written. There are given ones, and ones that are made of held-out text. In those with
 * several answers the right one of four continuations is to be found; the wrong ones are
 * continuations of other places of the same domain, so it is not enough to know the domain. In
 * those that are written it is the next word. Immutable once built.
 */
public final class TaskSet {

  private static final int QUERY = 48;
  private static final int CONTINUATION = 16;
  private static final int CHOICES = 4;
  private static final long SEED = 0;

  /** What a model may write beyond an answer's own tokens, which it may divide otherwise. */
  private static final int MORE = 8;

  private final Map<String, List<ChoiceTask>> choices;
  private final Map<String, List<CompletionTask>> completions;

  private TaskSet(
      Map<String, List<ChoiceTask>> choices, Map<String, List<CompletionTask>> completions) {
    this.choices = Collections.unmodifiableMap(new LinkedHashMap<>(choices));
    this.completions = Collections.unmodifiableMap(new LinkedHashMap<>(completions));
  }

  /** No questions. */
  public static TaskSet none() {
    return new TaskSet(Map.of(), Map.of());
  }

  /** Collects questions, and text to make them of. Not thread-safe. */
  public static final class Builder {
    private final Tokenizer tokenizer;
    private final int context;
    private final Map<String, List<ChoiceTask>> given = new LinkedHashMap<>();
    private final Map<String, List<int[]>> parts = new LinkedHashMap<>();
    private final Map<String, List<CompletionTask>> toWrite = new LinkedHashMap<>();
    private final Map<String, List<CompletionTask>> places = new LinkedHashMap<>();

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

    /**
     * Adds a question whose answer is to be written.
     *
     * @param domain its label
     * @param query what stands before the answer
     * @param answer the right one: what is written must equal it, up to white space around it and
     *     whatever comes on later lines; at most eight tokens more than it has are written
     * @throws IllegalArgumentException if one is empty, the answer has several lines, or both do
     *     not fit into the context
     */
    public void add(String domain, String query, String answer) {
      int written = (answer.isEmpty() ? 0 : tokenizer.encode(answer).length) + MORE;
      CompletionTask task = new CompletionTask(query, answer, written);
      int read = begun(tokenizer.encode(query)).length;
      if (read + written > context) {
        throw new IllegalArgumentException(
            "a query of %d tokens and an answer of up to %d do not fit into %d: shorten the query"
                .formatted(read, written, context));
      }
      toWrite.computeIfAbsent(domain, d -> new ArrayList<>()).add(task);
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
      Completions.collect(
          text, tokenizer, context, places.computeIfAbsent(domain, d -> new ArrayList<>()));
    }

    /**
     * Makes the set.
     *
     * @param questions with several answers for each domain that are made of its text, as far as it
     *     goes
     * @param words to be written, likewise
     */
    public TaskSet build(int questions, int words) {
      Map<String, List<ChoiceTask>> choices = copy(given);
      parts.forEach((domain, all) -> add(choices, domain, continuations(all, questions)));
      Map<String, List<CompletionTask>> completions = copy(toWrite);
      places.forEach((domain, all) -> add(completions, domain, spread(all, words)));
      return new TaskSet(choices, completions);
    }

    private static <T> Map<String, List<T>> copy(Map<String, List<T>> tasks) {
      Map<String, List<T>> copy = new LinkedHashMap<>();
      tasks.forEach((domain, list) -> copy.put(domain, new ArrayList<>(list)));
      return copy;
    }

    private static <T> void add(Map<String, List<T>> tasks, String domain, List<T> made) {
      if (!made.isEmpty()) {
        tasks.computeIfAbsent(domain, d -> new ArrayList<>()).addAll(made);
      }
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
    for (int at : spread(IntStream.range(0, places.size()).boxed().toList(), count)) {
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

  /** Some of a list, from all of it, whatever its length. */
  private static <T> List<T> spread(List<T> all, int count) {
    List<T> some = new ArrayList<>();
    int taken = Math.min(count, all.size());
    for (int i = 0; i < taken; i++) {
      some.add(all.get((int) ((long) i * all.size() / taken)));
    }
    return some;
  }

  /** Returns the questions with several answers by domain. */
  Map<String, List<ChoiceTask>> choices() {
    return choices;
  }

  /** Returns the questions whose answer is to be written by domain. */
  Map<String, List<CompletionTask>> completions() {
    return completions;
  }

  /** Returns the domains that have questions. */
  public List<String> domains() {
    return Stream.concat(choices.keySet().stream(), completions.keySet().stream())
        .distinct()
        .toList();
  }
}
