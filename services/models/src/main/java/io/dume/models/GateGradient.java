package io.dume.models;

import java.util.List;

/**
 * The loss of a mixture on some text and its derivatives in the gates alone.
 *
 * @param loss mean negative log-likelihood of a predicted token, in nats
 * @param imbalance the load-balancing loss of arXiv 2101.03961, N Σ f_e P_e with f_e the share of
 *     choices that went to an expert and P_e its mean probability, mean over the layers: 1 where
 *     the load is even, N where one expert has it all
 * @param weights of loss + balance · imbalance, for each layer (experts, d), row-major
 * @param biases likewise, for each layer (experts)
 */
public record GateGradient(
    double loss, double imbalance, List<float[]> weights, List<float[]> biases) {
  /** Copies the lists; the arrays belong to whoever gets the record. */
  public GateGradient {
    weights = List.copyOf(weights);
    biases = List.copyOf(biases);
  }
}
