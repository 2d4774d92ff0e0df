package io.dume.lab;

import io.dume.evaluator.RoutingChoice;
import io.dume.models.DenseModel;
import io.dume.models.MixtureModel;
import io.dume.models.WindowLoss;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Answers questions by likelihood: the answer whose tokens are the likeliest after the query, on
 * average a token, is taken.
 */
final class Reasoning {

  /** Questions that are read together. */
  private static final int CHUNK = 16;

  /** Reads windows with whatever model. */
  interface Reader {
    /**
     * @param firstQuestion ordinal of the question of the first window; the others' follow
     */
    List<WindowLoss> read(List<int[]> windows, long firstQuestion);
  }

  private final Workplace workplace;
  private final Map<String, List<ChoiceTask>> tasks;

  Reasoning(Workplace workplace) {
    this.workplace = workplace;
    this.tasks = workplace.request().tasks().choices();
  }

  /**
   * @param methods how each routes, by seed
   */
  Answers judge(Map<Method, List<RoutingChoice>> methods) throws IOException {
    Map<String, Integer> questions = new LinkedHashMap<>();
    tasks.forEach((domain, list) -> questions.put(domain, list.size()));
    MixtureModel model = workplace.model();
    return AnswerJudge.judge(
        workplace.request(),
        questions,
        methods,
        new AnswerJudge.Scorer() {
          @Override
          public double dense(String what, String domain, DenseModel expert) {
            return accuracy(
                what, tasks.get(domain), (windows, first) -> expert.negativeLogLikelihood(windows));
          }

          @Override
          public double mixture(String what, String domain, RoutingChoice choice) {
            return accuracy(
                what,
                tasks.get(domain),
                (windows, first) ->
                    model.negativeLogLikelihood(
                        windows, choice.forWindows(model.manifest(), domain, first)));
          }
        });
  }

  private double accuracy(String what, List<ChoiceTask> list, Reader reader) {
    int right = 0;
    for (int from = 0; from < list.size(); from += CHUNK) {
      List<ChoiceTask> chunk = list.subList(from, Math.min(list.size(), from + CHUNK));
      List<List<WindowLoss>> losses = new ArrayList<>();
      for (List<int[]> windows : windows(chunk)) {
        losses.add(reader.read(windows, from));
      }
      right += right(chunk, losses);
      workplace
          .progress()
          .passing("questions, %s: %d of %d".formatted(what, from + chunk.size(), list.size()));
    }
    return right / (double) list.size();
  }

  /**
   * The query of each question alone, then with its first answer, and so on. Each of these has a
   * window of each question in the same place, so that what is drawn at random for a question is
   * the same for all its answers; a question with fewer answers than others has its query again.
   */
  static List<List<int[]>> windows(List<ChoiceTask> tasks) {
    int most = tasks.stream().mapToInt(task -> task.choices().size()).max().orElse(0);
    List<List<int[]>> all = new ArrayList<>();
    for (int slot = 0; slot <= most; slot++) {
      List<int[]> windows = new ArrayList<>();
      for (ChoiceTask task : tasks) {
        windows.add(
            slot == 0 || slot > task.choices().size()
                ? task.query()
                : joined(task.query(), task.choices().get(slot - 1)));
      }
      all.add(windows);
    }
    return all;
  }

  private static int[] joined(int[] query, int[] choice) {
    int[] both = Arrays.copyOf(query, query.length + choice.length);
    System.arraycopy(choice, 0, both, query.length, choice.length);
    return both;
  }

  /**
   * How many questions have their right answer as the likeliest.
   *
   * @param losses of {@link #windows}
   */
  static int right(List<ChoiceTask> tasks, List<List<WindowLoss>> losses) {
    int right = 0;
    for (int q = 0; q < tasks.size(); q++) {
      ChoiceTask task = tasks.get(q);
      double query = losses.get(0).get(q).negativeLogLikelihood();
      int best = 0;
      double least = Double.POSITIVE_INFINITY;
      for (int i = 0; i < task.choices().size(); i++) {
        double loss =
            (losses.get(i + 1).get(q).negativeLogLikelihood() - query)
                / task.choices().get(i).length;
        if (loss < least) {
          least = loss;
          best = i;
        }
      }
      right += best == task.gold() ? 1 : 0;
    }
    return right;
  }
}
