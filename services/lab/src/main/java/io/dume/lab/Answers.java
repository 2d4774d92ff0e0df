package io.dume.lab;

import java.util.List;
import java.util.Map;

/**
 * How many questions were answered right.
 *
 * @param questions by domain
 * @param dense share of right answers of each domain's own dense expert
 * @param methods share of right answers by method and domain; one run, or one for each seed
 */
record Answers(
    Map<String, Integer> questions,
    Map<String, Double> dense,
    Map<Method, List<Map<String, Double>>> methods) {

  /** Share of right answers, the mean over the runs. */
  double accuracy(Method method, String domain) {
    return methods.get(method).stream().mapToDouble(run -> run.get(domain)).average().orElseThrow();
  }

  /** Mean over domains and runs of a method's accuracy divided by the dense expert's. */
  double mean(Method method) {
    return methods.get(method).stream().mapToDouble(this::mean).average().orElseThrow();
  }

  /** The largest mean of a run less the smallest; 0 for one run. */
  double spread(Method method) {
    List<Map<String, Double>> runs = methods.get(method);
    double least = runs.stream().mapToDouble(this::mean).min().orElseThrow();
    return runs.stream().mapToDouble(this::mean).max().orElseThrow() - least;
  }

  private double mean(Map<String, Double> run) {
    return dense.keySet().stream()
        .mapToDouble(domain -> run.get(domain) / ofDense(domain))
        .average()
        .orElseThrow();
  }

  double normalised(Method method, String domain) {
    return accuracy(method, domain) / ofDense(domain);
  }

  /** An expert that has none right counts as if it had one, so that there is a figure. */
  private double ofDense(String domain) {
    return Math.max(dense.get(domain), 1.0 / questions.get(domain));
  }
}
