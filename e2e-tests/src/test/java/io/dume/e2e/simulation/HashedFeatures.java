package io.dume.e2e.simulation;

import io.dume.extractor.ExtractionModel;
import io.dume.extractor.RecordFeatures;
import io.dume.models.FeatureSource;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * A model whose features are hashes of token, position, layer and expert. Two of its tokens are bad
 * on purpose. Experts are those that its origin had when it last looked.
 */
final class HashedFeatures implements ExtractionModel {
  static final int VOCABULARY = 60;
  static final int NAN_TOKEN = VOCABULARY - 1;
  static final int HUGE_TOKEN = VOCABULARY - 2;
  static final ExtractionProfile PROFILE =
      new ExtractionProfile("cpu", "none", "a hash", "float64");

  private final Fit fit;
  private final Supplier<List<Expert>> origin;
  private List<Expert> experts;

  HashedFeatures(Fit fit, Supplier<List<Expert>> origin) {
    this.fit = fit;
    this.origin = origin;
    this.experts = origin.get();
  }

  @Override
  public Identity identity() {
    return new Identity(
        FeatureSource.MLP_INPUT,
        fit.getBackbone(),
        fit.getLayers(),
        fit.getWidth(),
        VOCABULARY,
        fit.getMaxSequenceTokens(),
        fit.getTokenizer(),
        experts,
        PROFILE);
  }

  @Override
  public boolean refresh() {
    List<Expert> found = origin.get();
    boolean changed = !found.equals(experts);
    experts = found;
    return changed;
  }

  @Override
  public RecordFeatures extract(String expert, List<int[]> sequences) {
    return new Features(expert, sequences, fit);
  }

  /** {@code Σ [x; 1][x; 1]ᵀ} of one layer, row-major. */
  static double[] gram(String expert, List<int[]> sequences, int layer, int width) {
    int n = width + 1;
    double[] gram = new double[n * n];
    for (int[] sequence : sequences) {
      for (int at = 0; at < sequence.length; at++) {
        double[] x = feature(expert, layer, sequence[at], at, width);
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < n; j++) {
            gram[i * n + j] += x[i] * x[j];
          }
        }
      }
    }
    return gram;
  }

  private static double[] feature(String expert, int layer, int token, int at, int width) {
    double[] x = new double[width + 1];
    for (int i = 0; i < width; i++) {
      long seed = ((expert.hashCode() * 31L + layer) * 1009 + token) * 127 + at;
      x[i] = uniform(seed * 64 + i) + uniform((long) expert.hashCode() * 64 + i);
    }
    if (token == NAN_TOKEN && layer > 0) {
      x[1] = Double.NaN;
    }
    if (token == HUGE_TOKEN && layer > 0) {
      x[2] = 1e20;
    }
    x[width] = 1;
    return x;
  }

  /** Between -0.5 and 0.5, the same bits everywhere: the finaliser of SplitMix64. */
  private static double uniform(long seed) {
    long z = (seed + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return ((z ^ (z >>> 31)) >>> 11) * 0x1p-53 - 0.5;
  }

  private record Features(String expert, List<int[]> sequences, Fit fit) implements RecordFeatures {
    private double[] gram(int layer) {
      return HashedFeatures.gram(expert, sequences, layer, fit.getWidth());
    }

    @Override
    public long tokens() {
      return sequences.stream().mapToLong(s -> s.length).sum();
    }

    @Override
    public OptionalInt firstNonFiniteLayer() {
      for (int layer = 0; layer < fit.getLayers(); layer++) {
        for (double value : gram(layer)) {
          if (!Double.isFinite(value)) {
            return OptionalInt.of(layer);
          }
        }
      }
      return OptionalInt.empty();
    }

    @Override
    public double largestDiagonal(int layer) {
      double[] gram = gram(layer);
      int n = fit.getWidth() + 1;
      double largest = 0;
      for (int i = 0; i < n; i++) {
        largest = Math.max(largest, gram[i * n + i]);
      }
      return largest;
    }

    @Override
    public void gram(int layer, double[] out) {
      System.arraycopy(gram(layer), 0, out, 0, out.length);
    }

    @Override
    public void close() {}
  }
}
