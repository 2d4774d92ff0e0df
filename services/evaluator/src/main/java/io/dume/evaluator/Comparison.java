package io.dume.evaluator;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The paper's comparison (arXiv 2603.29765, section 4): perplexity by domain of several methods,
 * and how much of the dense experts' performance each keeps.
 *
 * @param dense perplexity of each domain's own dense expert on that domain
 * @param methods perplexity by domain of each method, in the order of the columns
 */
public record Comparison(Map<String, Double> dense, Map<String, Map<String, Double>> methods) {

  public Comparison {
    dense = Collections.unmodifiableMap(new LinkedHashMap<>(dense));
    Map<String, Map<String, Double>> copy = new LinkedHashMap<>();
    for (Map.Entry<String, Map<String, Double>> method : methods.entrySet()) {
      if (!method.getValue().keySet().equals(dense.keySet())) {
        throw new IllegalArgumentException(
            "%s was judged on %s, the dense experts on %s"
                .formatted(method.getKey(), method.getValue().keySet(), dense.keySet()));
      }
      copy.put(
          method.getKey(), Collections.unmodifiableMap(new LinkedHashMap<>(method.getValue())));
    }
    methods = Collections.unmodifiableMap(copy);
  }

  /**
   * The domains, in the order of the rows.
   *
   * @return at least one for a comparison that says something
   */
  public List<String> domains() {
    return List.copyOf(dense.keySet());
  }

  /**
   * Normalised performance on a domain.
   *
   * @param method a column
   * @param domain a row
   * @return dense perplexity / the method's perplexity; 1 means that nothing was lost
   */
  public double normalised(String method, String domain) {
    return dense.get(domain) / methods.get(method).get(domain);
  }

  /**
   * Mean normalised performance over the domains.
   *
   * @param method a column
   * @return the arithmetic mean
   */
  public double meanNormalised(String method) {
    return dense.keySet().stream()
        .mapToDouble(domain -> normalised(method, domain))
        .average()
        .orElse(Double.NaN);
  }

  /**
   * This comparison with one method judged anew, or added as the last column.
   *
   * @param method a column
   * @param perplexity by domain
   * @return a new comparison
   */
  public Comparison with(String method, Map<String, Perplexity> perplexity) {
    Map<String, Map<String, Double>> changed = new LinkedHashMap<>(methods);
    changed.put(method, values(perplexity));
    return new Comparison(dense, changed);
  }

  /**
   * Plain figures.
   *
   * @param perplexity by domain
   * @return the values by domain, in the same order
   */
  public static Map<String, Double> values(Map<String, Perplexity> perplexity) {
    Map<String, Double> values = new LinkedHashMap<>();
    perplexity.forEach((domain, p) -> values.put(domain, p.value()));
    return values;
  }
}
