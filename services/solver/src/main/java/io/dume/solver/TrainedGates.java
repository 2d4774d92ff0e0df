package io.dume.solver;

import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.Training;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Gates that were trained further from those of a version. The arrays are the caller's to leave
 * alone.
 *
 * @param backbone fingerprint of the backbone that they were trained with
 * @param experts in the order of the gates' rows
 * @param weights one array of experts · d a layer, row-major, finite
 * @param biases one array of experts a layer, finite
 * @param training how, and from which version
 * @param startSha256 SHA-256 of that version's weights, in hexadecimal: numbers begin with 1 in
 *     every installation
 * @param policy how they should be used, if anybody has chosen: otherwise as in the paper
 */
public record TrainedGates(
    String backbone,
    List<Expert> experts,
    List<float[]> weights,
    List<float[]> biases,
    Training training,
    String startSha256,
    Optional<Policy> policy) {

  /**
   * Checks everything that can be checked without the version that they were trained from.
   *
   * @throws IllegalArgumentException naming what is not possible
   */
  public TrainedGates {
    experts = List.copyOf(experts);
    weights = List.copyOf(weights);
    biases = List.copyOf(biases);
    if (weights.isEmpty() || weights.size() != biases.size()) {
      throw new IllegalArgumentException(
          "%d gate weights and %d biases do not make a router"
              .formatted(weights.size(), biases.size()));
    }
    for (int layer = 0; layer < weights.size(); layer++) {
      requireFinite(layer, weights.get(layer));
      requireFinite(layer, biases.get(layer));
    }
    require(
        "start",
        training.getStart(),
        training.getStart() >= 1,
        "a version's number: train from an exported version");
    require(
        "steps",
        training.getSteps(),
        training.getSteps() >= 1,
        "at least 1: these gates are those that the training began with");
    require("tokens", training.getTokens(), training.getTokens() >= 1, "at least 1");
    require(
        "learning rate",
        training.getLearningRate(),
        training.getLearningRate() > 0 && Double.isFinite(training.getLearningRate()),
        "a positive number");
    require(
        "balance",
        training.getBalance(),
        training.getBalance() >= 0 && Double.isFinite(training.getBalance()),
        "a number of at least 0");
  }

  private static void requireFinite(int layer, float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException(
            "layer %d: a gate holds %s: the training went astray, try a lower learning rate"
                .formatted(layer, value));
      }
    }
  }

  private static void require(String field, Number value, boolean holds, String possible) {
    if (!holds) {
      throw new IllegalArgumentException(
          "training with %s of %s: must be %s".formatted(field, value, possible));
    }
  }

  /** All values in the order of a version's weights: for each layer weight, then bias. */
  List<float[]> values() {
    List<float[]> values = new ArrayList<>();
    for (int layer = 0; layer < weights.size(); layer++) {
      values.add(weights.get(layer));
      values.add(biases.get(layer));
    }
    return values;
  }
}
