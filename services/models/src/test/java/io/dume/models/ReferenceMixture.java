package io.dume.models;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A mixture's forward pass in plain float64 loops over one sequence, routed as {@link
 * RoutingPolicy} defines it. All experts have the first one's backbone.
 */
final class ReferenceMixture extends ReferenceModel {

  private final List<ReferenceModel> experts;
  private final RouterWeights router;
  private final RoutingPolicy policy;
  private final int layers;
  private List<double[][]> earlier = List.of();
  private List<double[][]> remembered = new ArrayList<>();
  private final List<double[][]> shares = new ArrayList<>();

  ReferenceMixture(List<TestModel> experts, RouterWeights router, RoutingPolicy policy) {
    super(experts.get(0));
    this.experts = experts.stream().map(ReferenceModel::new).toList();
    this.router = router;
    this.policy = policy;
    this.layers = router.layers();
  }

  @Override
  double[][] logits(int[] ids) {
    return logits(ids, policy.above() > 0 ? 2 : 1);
  }

  /**
   * Reads as the policy defines it, whatever comes from above: with each pass one token more has
   * what it needs of the one before.
   */
  double[][] logitsTokenByToken(int[] ids) {
    return logits(ids, policy.above() > 0 ? ids.length + 1 : 1);
  }

  private double[][] logits(int[] ids, int passes) {
    double[][] logits = {};
    remembered = List.of();
    for (int pass = 0; pass < passes; pass++) {
      earlier = remembered;
      remembered = new ArrayList<>();
      shares.clear();
      logits = super.logits(ids);
    }
    return logits;
  }

  /** Returns by layer what of each token went through each expert, in the last call. */
  List<double[][]> shares() {
    return shares;
  }

  @Override
  double[][] mlp(int layer, double[][] x) {
    int n = router.experts();
    double[][] memory = new double[x.length][n];
    for (int t = 0; t < x.length; t++) {
      for (int e = 0; e < n; e++) {
        double before = t == 0 ? 0 : memory[t - 1][e];
        memory[t][e] =
            policy.smoothing() * before + (1 - policy.smoothing()) * score(layer, e, x[t]);
      }
    }
    remembered.add(memory);
    List<double[][]> outputs = experts.stream().map(expert -> expert.mlp(layer, x)).toList();
    double[][] y = new double[x.length][x[0].length];
    shares.add(new double[x.length][n]);
    for (int t = 0; t < x.length; t++) {
      double[] chooses = chooses(layer, t);
      List<Integer> best =
          IntStream.range(0, n)
              .boxed()
              .sorted(Comparator.comparingDouble((Integer e) -> -chooses[e]))
              .limit(policy.k())
              .toList();
      double total = 0;
      for (int e : best) {
        total += Math.exp(chooses[e] / policy.temperature());
      }
      for (int e : best) {
        double share = Math.exp(chooses[e] / policy.temperature()) / total;
        shares.get(layer)[t][e] = share;
        for (int i = 0; i < y[t].length; i++) {
          y[t][i] += share * outputs.get(e)[t][i];
        }
      }
    }
    return y;
  }

  private double score(int layer, int expert, double[] x) {
    float[] weight = router.weight(layer);
    double score = router.bias(layer)[expert];
    for (int i = 0; i < x.length; i++) {
      score += weight[expert * x.length + i] * x[i];
    }
    return score;
  }

  private double[] chooses(int layer, int t) {
    double[] sum = remembered.get(layer)[t].clone();
    for (int e = 0; e < sum.length; e++) {
      for (int l = 0; l < layer; l++) {
        sum[e] += policy.below() * remembered.get(l)[t][e];
      }
      for (int l = layer + 1; l < layers && t > 0 && !earlier.isEmpty(); l++) {
        sum[e] += policy.above() * earlier.get(l)[t - 1][e];
      }
    }
    return sum;
  }
}
