package io.dume.lab;

import io.dume.models.RouterWeights;
import io.dume.solver.FactorisationChoice;
import io.dume.solver.GateSolver;
import io.dume.solver.LayerStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntFunction;

/** Where the lab's gates come from. */
final class Gates {

  /** As common model libraries begin: what a gate weighs before it has learnt anything. */
  private static final double FIRST_DEVIATION = 0.02;

  private Gates() {}

  /**
   * Solves all layers.
   *
   * @param layers the statistics of each layer
   * @param experts names of the columns
   */
  static RouterWeights solve(
      int count,
      IntFunction<LayerStatistics> layers,
      List<String> experts,
      double lambda,
      Scores scores) {
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int layer = 0; layer < count; layer++) {
      LayerStatistics statistics = layers.apply(layer);
      boolean priors = scores == Scores.DISCRIMINANT_WITH_PRIORS;
      if (priors || scores == Scores.DISCRIMINANT) {
        LinearDiscriminant discriminant = LinearDiscriminant.of(statistics, priors);
        weights.add(discriminant.weight());
        biases.add(discriminant.bias());
        continue;
      }
      try (GateSolver solver = GateSolver.open(FactorisationChoice.AUTO, statistics.size())) {
        GateSolver.Gate gate = solver.solve(statistics, lambda);
        boolean raw = scores == Scores.RAW;
        weights.add(raw ? weight(gate.unscaled(), statistics) : gate.weight());
        biases.add(raw ? bias(gate.unscaled(), statistics) : gate.bias());
      }
    }
    return named(weights, biases, experts);
  }

  /** Gates that know nothing yet. */
  static RouterWeights random(int layers, int width, List<String> experts, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      float[] weight = new float[experts.size() * width];
      for (int i = 0; i < weight.length; i++) {
        weight[i] = (float) (FIRST_DEVIATION * random.nextGaussian());
      }
      weights.add(weight);
      biases.add(new float[experts.size()]);
    }
    return named(weights, biases, experts);
  }

  static RouterWeights named(List<float[]> weights, List<float[]> biases, List<String> experts) {
    return new RouterWeights(
        weights, biases, Map.of(RouterWeights.EXPERTS, String.join(",", experts)));
  }

  /** The same gates with other strings. */
  static RouterWeights like(RouterWeights gates, Map<String, String> strings) {
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int layer = 0; layer < gates.layers(); layer++) {
      weights.add(gates.weight(layer));
      biases.add(gates.bias(layer));
    }
    return new RouterWeights(weights, biases, strings);
  }

  private static float[] weight(double[] w, LayerStatistics statistics) {
    int d = statistics.size() - 1;
    float[] weight = new float[statistics.experts() * d];
    for (int e = 0; e < statistics.experts(); e++) {
      for (int i = 0; i < d; i++) {
        weight[e * d + i] = (float) w[i * statistics.experts() + e];
      }
    }
    return weight;
  }

  private static float[] bias(double[] w, LayerStatistics statistics) {
    float[] bias = new float[statistics.experts()];
    for (int e = 0; e < bias.length; e++) {
      bias[e] = (float) w[(statistics.size() - 1) * statistics.experts() + e];
    }
    return bias;
  }
}
