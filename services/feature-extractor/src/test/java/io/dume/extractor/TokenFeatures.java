package io.dume.extractor;

import io.dume.models.FeatureSource;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A model whose features are a formula of token, layer and expert, so that a test can sum them
 * itself. Two of its tokens are bad on purpose.
 */
final class TokenFeatures implements ExtractionModel {
  static final int LAYERS = 2;
  static final int WIDTH = 4;
  static final int SIZE = WIDTH + 1;
  static final int VOCABULARY = 100;
  static final int MAX_POSITIONS = 16;
  static final int NAN_TOKEN = 99;
  static final int HUGE_TOKEN = 98;
  static final String TOKENIZER = "ab".repeat(32);
  static final List<Expert> EXPERTS =
      List.of(new Expert("novel", "11".repeat(32)), new Expert("math", "22".repeat(32)));

  private final Consumer<List<int[]>> before;
  private final Supplier<List<Expert>> look;
  private List<Expert> experts = EXPERTS;

  TokenFeatures() {
    this(sequences -> {}, List::of);
  }

  /**
   * @param look what a second look at its origin finds, if that is anything
   */
  TokenFeatures(Supplier<List<Expert>> look) {
    this(sequences -> {}, look);
  }

  /**
   * @param before sees each record, and may fail
   */
  TokenFeatures(Consumer<List<int[]>> before) {
    this(before, List::of);
  }

  private TokenFeatures(Consumer<List<int[]>> before, Supplier<List<Expert>> look) {
    this.before = before;
    this.look = look;
  }

  @Override
  public Identity identity() {
    return new Identity(
        FeatureSource.MLP_INPUT,
        "cc".repeat(32),
        LAYERS,
        WIDTH,
        VOCABULARY,
        MAX_POSITIONS,
        TOKENIZER,
        experts,
        new ExtractionProfile("cpu", "none", "a formula", "float64"));
  }

  @Override
  public boolean refresh() {
    List<Expert> found = look.get();
    boolean changed = !found.isEmpty() && !found.equals(experts);
    experts = changed ? found : experts;
    return changed;
  }

  @Override
  public RecordFeatures extract(String expert, List<int[]> sequences) {
    before.accept(sequences);
    return new Features(expert, sequences);
  }

  /** {@code Σ [x; 1][x; 1]ᵀ} of one layer, row-major. */
  static double[] gram(String expert, List<int[]> sequences, int layer) {
    double[] gram = new double[SIZE * SIZE];
    for (int[] sequence : sequences) {
      for (int token : sequence) {
        double[] x = feature(expert, layer, token);
        for (int i = 0; i < SIZE; i++) {
          for (int j = 0; j < SIZE; j++) {
            gram[i * SIZE + j] += x[i] * x[j];
          }
        }
      }
    }
    return gram;
  }

  private static double[] feature(String expert, int layer, int token) {
    double[] x = new double[SIZE];
    for (int i = 0; i < WIDTH; i++) {
      x[i] = Math.sin(token * (i + 1.3) + layer + expert.length());
    }
    if (token == NAN_TOKEN && layer == LAYERS - 1) {
      x[1] = Double.NaN;
    }
    if (token == HUGE_TOKEN && layer == LAYERS - 1) {
      x[2] = 1e20;
    }
    x[WIDTH] = 1;
    return x;
  }

  private record Features(String expert, List<int[]> sequences) implements RecordFeatures {
    @Override
    public long tokens() {
      return sequences.stream().mapToLong(s -> s.length).sum();
    }

    @Override
    public OptionalInt firstNonFiniteLayer() {
      for (int layer = 0; layer < LAYERS; layer++) {
        for (double value : TokenFeatures.gram(expert, sequences, layer)) {
          if (!Double.isFinite(value)) {
            return OptionalInt.of(layer);
          }
        }
      }
      return OptionalInt.empty();
    }

    @Override
    public double largestDiagonal(int layer) {
      double[] gram = TokenFeatures.gram(expert, sequences, layer);
      double largest = 0;
      for (int i = 0; i < SIZE; i++) {
        largest = Math.max(largest, gram[i * SIZE + i]);
      }
      return largest;
    }

    @Override
    public void gram(int layer, double[] out) {
      System.arraycopy(TokenFeatures.gram(expert, sequences, layer), 0, out, 0, out.length);
    }

    @Override
    public void close() {}
  }
}
