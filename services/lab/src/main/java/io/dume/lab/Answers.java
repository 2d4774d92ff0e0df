package io.dume.lab;

import java.util.Map;

/**
 * How many questions were answered right.
 *
 * @param questions by domain
 * @param dense share of right answers of each domain's own dense expert
 * @param methods share of right answers by method and domain
 */
record Answers(
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
