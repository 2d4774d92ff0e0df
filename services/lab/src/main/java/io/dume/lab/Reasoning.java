package io.dume.lab;

import io.dume.evaluator.RoutingChoice;
import io.dume.models.DenseModel;
import io.dume.models.MixtureModel;
import io.dume.models.WindowLoss;
import java.io.IOException;
import java.util.ArrayList;
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

  /**
   * What was found.
   *
   * @param questions by domain
   * @param dense share of right answers of each domain's own dense expert
   * @param methods share of right answers by method and domain
   */
  record Result(
      Map<String, Integer> questions,
      Map<String, Double> dense,
      Map<Method, Map<String, Double>> methods) {

    /** Mean over the domains of a method's accuracy divided by the dense expert's. */
    double mean(Method method) {
      return dense.keySet().stream()
          .mapToDouble(domain -> normalised(method, domain))
          .average()
          .orElseThrow();
    }

    /** An expert that has none right counts as if it had one, so that there is a figure. */
    double normalised(Method method, String domain) {
      double one = 1.0 / questions.get(domain);
      return methods.get(method).get(domain) / Math.max(dense.get(domain), one);
    }
  }

  /** Reads windows with whatever model. */
  interface Reader {
    List<WindowLoss> read(List<int[]> windows, long firstWindow);
  }

  private final Workplace workplace;
  private final Map<String, List<ChoiceTask>> tasks;

  Reasoning(Workplace workplace) {
    this.workplace = workplace;
    this.tasks = workplace.request().tasks().tasks();
  }

  Result judge(Map<Method, RoutingChoice> methods) throws IOException {
    Map<String, Integer> questions = new LinkedHashMap<>();
    tasks.forEach((domain, list) -> questions.put(domain, list.size()));
    Map<String, Double> dense = new LinkedHashMap<>();
    for (String domain : tasks.keySet()) {
      try (DenseModel expert =
          DenseModel.load(
              workplace.request().experts().get(domain), workplace.request().device())) {
        dense.put(
            domain,
            accuracy(
                "dense " + domain,
                tasks.get(domain),
                (windows, first) -> expert.negativeLogLikelihood(windows)));
      }
    }
    Map<Method, Map<String, Double>> found = new LinkedHashMap<>();
    MixtureModel model = workplace.model();
    methods.forEach(
        (method, choice) -> {
          Map<String, Double> byDomain = new LinkedHashMap<>();
          tasks.forEach(
              (domain, list) ->
                  byDomain.put(
                      domain,
                      accuracy(
                          method.label() + " on " + domain,
                          list,
                          (windows, first) ->
                              model.negativeLogLikelihood(
                                  windows, choice.forWindows(model.manifest(), domain, first)))));
          found.put(method, byDomain);
        });
    return new Result(questions, dense, found);
  }

  private double accuracy(String what, List<ChoiceTask> list, Reader reader) {
    int right = 0;
    long windows = 0;
    for (int from = 0; from < list.size(); from += CHUNK) {
      List<ChoiceTask> chunk = list.subList(from, Math.min(list.size(), from + CHUNK));
      List<int[]> texts = windows(chunk);
      right += right(chunk, reader.read(texts, windows));
      windows += texts.size();
      workplace
          .progress()
          .passing("questions, %s: %d of %d".formatted(what, from + chunk.size(), list.size()));
    }
    return right / (double) list.size();
  }

  /** For each question the query alone, and then with each answer. */
  static List<int[]> windows(List<ChoiceTask> tasks) {
    List<int[]> windows = new ArrayList<>();
    for (ChoiceTask task : tasks) {
      windows.add(task.query());
      for (int[] choice : task.choices()) {
        int[] both = new int[task.query().length + choice.length];
        System.arraycopy(task.query(), 0, both, 0, task.query().length);
        System.arraycopy(choice, 0, both, task.query().length, choice.length);
        windows.add(both);
      }
    }
    return windows;
  }

  /** How many questions have their right answer as the likeliest. */
  static int right(List<ChoiceTask> tasks, List<WindowLoss> losses) {
    int right = 0;
    int next = 0;
    for (ChoiceTask task : tasks) {
      double query = losses.get(next++).negativeLogLikelihood();
      int best = 0;
      double least = Double.POSITIVE_INFINITY;
      for (int i = 0; i < task.choices().size(); i++) {
        double loss =
            (losses.get(next++).negativeLogLikelihood() - query) / task.choices().get(i).length;
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
