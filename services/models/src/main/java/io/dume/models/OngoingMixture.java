package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.List;

/**
 * The MLP step of a mixture for one sequence that is read on and on. It looks at the shares on the
 * host, once a layer: so only experts that have one are asked, and it can tell which they were. The
 * sums are those of {@link MixtureStep}. Used by one thread.
 */
final class OngoingMixture implements Generation.Step {

  /** Gives tokens their shares. */
  @FunctionalInterface
  interface Chooser {
    /**
     * Chooses experts.
     *
     * @param x (tokens, d), stays as it is
     * @param owner owns the result
     * @return (tokens, experts)
     */
    NDArray shares(int layer, NDArray x, NDManager owner);
  }

  private final MixtureStep mixture;
  private final List<String> names;
  private final List<List<Mlp>> experts;
  private final Chooser chooser;
  private final int together;
  private final float[][] last;

  /**
   * @param experts by expert the MLPs of all layers
   * @param together how many tokens may go through the layers at a time
   */
  OngoingMixture(
      MixtureStep mixture,
      List<String> names,
      List<List<Mlp>> experts,
      Chooser chooser,
      int together) {
    this.mixture = mixture;
    this.names = List.copyOf(names);
    this.experts = experts;
    this.chooser = chooser;
    this.together = together;
    last = new float[experts.get(0).size()][];
  }

  @Override
  public NDArray apply(int layer, NDArray hidden, NDArray x, Workspace workspace) {
    NDArray shares = chooser.shares(layer, x, workspace.owner());
    float[] values = shares.toFloatArray();
    int n = names.size();
    boolean[] used = new boolean[n];
    for (int i = 0; i < values.length; i++) {
      used[i % n] |= values[i] != 0;
    }
    last[layer] = Arrays.copyOfRange(values, values.length - n, values.length);
    return mixture.mix(experts, layer, hidden, x, shares, e -> used[e], workspace.owner());
  }

  @Override
  public List<String> experts() {
    return names;
  }

  @Override
  public int together() {
    return together;
  }

  @Override
  public float[][] lastShares() {
    return Arrays.stream(last).map(float[]::clone).toArray(float[][]::new);
  }
}
