package io.dume.lab;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a method did on held-out text.
 *
 * @param dense perplexity of each domain's own dense expert
 * @param runs perplexity by domain; one run, or one for each seed where anything is random
 * @param policy how its gates choose, if it has gates
 * @param quality what its choices look like, if it has gates
 * @param microsecondsPerToken what reading a token took; as exact as the machine was quiet
 */
record MethodResult(
    Map<String, Double> dense,
    List<Map<String, Double>> runs,
    Optional<String> policy,
    Optional<RoutingQuality> quality,
    double microsecondsPerToken) {

  MethodResult {
    runs = List.copyOf(runs);
  }

  MethodResult withTime(double microseconds) {
    return new MethodResult(dense, runs, policy, quality, microseconds);
  }

  /** Mean perplexity over the runs. */
  double perplexity(String domain) {
    return runs.stream().mapToDouble(run -> run.get(domain)).average().orElseThrow();
  }

  /** Normalised performance, the dense expert's perplexity / the method's: mean over the runs. */
  double normalised(String domain) {
    return runs.stream().mapToDouble(run -> normalised(run, domain)).average().orElseThrow();
  }

  private double normalised(Map<String, Double> run, String domain) {
    return dense.get(domain) / run.get(domain);
  }

  private double mean(Map<String, Double> run) {
    return dense.keySet().stream()
        .mapToDouble(domain -> normalised(run, domain))
        .average()
        .orElseThrow();
  }

  /** Mean normalised performance over domains and runs. */
  double mean() {
    return runs.stream().mapToDouble(this::mean).average().orElseThrow();
  }

  /** The largest mean of a run less the smallest; 0 for one run. */
  double spread() {
    double least = runs.stream().mapToDouble(this::mean).min().orElseThrow();
    return runs.stream().mapToDouble(this::mean).max().orElseThrow() - least;
  }

  /** Normalised performance by domain. */
  Map<String, Double> normalised() {
    Map<String, Double> values = new LinkedHashMap<>();
    dense.keySet().forEach(domain -> values.put(domain, normalised(domain)));
    return values;
  }
}
