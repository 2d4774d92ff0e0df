package io.dume.bench;

import io.dume.extractor.ExtractionModel;
import io.dume.extractor.RecordFeatures;
import io.dume.models.FeatureSource;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas_full;

/**
 * A model without weights: features are drawn from the record, so that statistics of any size can
 * be made where no such model fits. Each expert's features have a mean of their own, or there would
 * be nothing to route by. The Gram matrices are computed, in float64. Used by one thread.
 */
final class RandomFeatures implements ExtractionModel, AutoCloseable {
  static final int VOCABULARY = 1 << 15;

  /** A feature lies within ±1 of its mean, and that within ±0.5. */
  private static final double LARGEST_SQUARE = 2.25;

  private final int width;
  private final int layers;
  private final int experts;
  private final int tokens;
  private final double[] features;
  private final DoublePointer x;
  private final DoublePointer products;

  /**
   * @param width d
   * @param tokens the most tokens of a record
   */
  RandomFeatures(int width, int layers, int experts, int tokens) {
    this.width = width;
    this.layers = layers;
    this.experts = experts;
    this.tokens = tokens;
    int n = width + 1;
    this.features = new double[tokens * n];
    this.x = new DoublePointer((long) tokens * n);
    this.products = new DoublePointer((long) n * n);
  }

  static String expert(int index) {
    return "expert-" + index;
  }

  @Override
  public Identity identity() {
    return new Identity(
        FeatureSource.MLP_INPUT,
        "random features, d = %d, %d layers".formatted(width, layers),
        layers,
        width,
        VOCABULARY,
        tokens,
        "",
        IntStream.range(0, experts)
            .mapToObj(i -> new Expert(expert(i), "no weights: " + i))
            .toList(),
        new ExtractionProfile("cpu", "random", "openblas", "float64"));
  }

  @Override
  public boolean refresh() {
    return false;
  }

  @Override
  public RecordFeatures extract(String expert, List<int[]> sequences) {
    int count = sequences.stream().mapToInt(sequence -> sequence.length).sum();
    long seed = 31L * sequences.get(0)[0] + expert.hashCode();
    for (int id : sequences.get(0)) {
      seed = 31 * seed + id;
    }
    return new Drawn(count, seed, expert.hashCode());
  }

  private final class Drawn implements RecordFeatures {
    private final int count;
    private final long seed;
    private final long meanSeed;

    Drawn(int count, long seed, long meanSeed) {
      this.count = count;
      this.seed = seed;
      this.meanSeed = meanSeed;
    }

    @Override
    public long tokens() {
      return count;
    }

    @Override
    public OptionalInt firstNonFiniteLayer() {
      return OptionalInt.empty();
    }

    @Override
    public double largestDiagonal(int layer) {
      return LARGEST_SQUARE * count;
    }

    @Override
    public void gram(int layer, double[] out) {
      int n = width + 1;
      SplittableRandom random = new SplittableRandom(seed + 0x9E3779B97F4A7C15L * layer);
      double[] mean = new SplittableRandom(meanSeed + layer).doubles(width, -0.5, 0.5).toArray();
      for (int t = 0; t < count; t++) {
        for (int i = 0; i < width; i++) {
          features[t * n + i] = mean[i] + random.nextInt() * 0x1p-31;
        }
        features[t * n + width] = 1;
      }
      x.put(features, 0, count * n);
      // The upper triangle alone, which is what is read of a Gram matrix.
      openblas_full.cblas_dsyrk(
          openblas_full.CblasRowMajor,
          openblas_full.CblasUpper,
          openblas_full.CblasTrans,
          n,
          count,
          1,
          x,
          n,
          0,
          products,
          n);
      products.get(out, 0, n * n);
    }

    @Override
    public void close() {}
  }

  @Override
  public void close() {
    x.close();
    products.close();
  }
}
