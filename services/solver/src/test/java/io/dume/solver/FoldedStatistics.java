package io.dume.solver;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRange;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.SymmetricSum;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Ids;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;

/** What the fold would send of made-up tokens, and what a plain float64 solution makes of it. */
final class FoldedStatistics {
  static final int LAYERS = 3;
  static final int WIDTH = 20;
  static final int TILE = 8;
  static final int PARTITIONS = 2;
  static final FixedPoint FIXED = new FixedPoint(20);
  static final List<String> EXPERTS = List.of("novel", "code", "math");

  private final Fit fit;
  private final long[] tokens;
  private final long[] heldOut;
  private final List<List<SymmetricSum>> sums = new ArrayList<>();
  private final List<List<SymmetricSum>> heldOutSums = new ArrayList<>();

  /**
   * @param tokens tokens of each expert, the same in every layer
   */
  FoldedStatistics(Fit fit, long seed, long... tokens) {
    this(fit, seed, tokens, new long[tokens.length]);
  }

  /**
   * @param heldOut held-out tokens of each expert, around the same centre
   */
  FoldedStatistics(Fit fit, long seed, long[] tokens, long[] heldOut) {
    this.fit = fit;
    this.tokens = tokens;
    this.heldOut = heldOut;
    Random random = new Random(seed);
    Random ofHeldOut = new Random(~seed);
    for (int layer = 0; layer < fit.getLayers(); layer++) {
      List<SymmetricSum> ofLayer = new ArrayList<>();
      List<SymmetricSum> heldOutOfLayer = new ArrayList<>();
      for (int expert = 0; expert < tokens.length; expert++) {
        double[] centre = random.doubles(fit.getWidth(), -1, 1).toArray();
        ofLayer.add(sum(random, centre, tokens[expert]));
        heldOutOfLayer.add(sum(ofHeldOut, centre, heldOut[expert]));
      }
      sums.add(ofLayer);
      heldOutSums.add(heldOutOfLayer);
    }
  }

  private static SymmetricSum sum(Random random, double[] centre, long tokens) {
    SymmetricSum sum = new SymmetricSum(new TileGrid(centre.length + 1, TILE), FIXED);
    for (long token = 0; token < tokens; token++) {
      sum.add(gram(random, centre));
    }
    return sum;
  }

  Fit fit() {
    return fit;
  }

  private int size() {
    return fit.getWidth() + 1;
  }

  static Fit fit(String label) {
    return fit(label, LAYERS, WIDTH, PARTITIONS);
  }

  static Fit fit(String label, int layers, int width, int partitions) {
    Fit fit =
        new Fit(
            Ids.random(),
            "backbone",
            "mlp-input",
            16,
            FIXED.fractionBits(),
            TILE,
            new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64"),
            label,
            layers,
            width,
            256,
            128,
            1024,
            "",
            partitions,
            List.of(new PartitionOffset(0, 0L)));
    return Fit.newBuilder(fit).setId(Ids.ofFit(fit)).build();
  }

  static List<Expert> experts() {
    return EXPERTS.stream().map(name -> new Expert(name, "mlp-of-" + name)).toList();
  }

  private static double[] gram(Random random, double[] centre) {
    int width = centre.length;
    double[] x = new double[width + 1];
    for (int i = 0; i < width; i++) {
      x[i] = centre[i] + random.nextGaussian();
    }
    x[width] = 1;
    double[] gram = new double[x.length * x.length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x.length; j++) {
        gram[i * x.length + j] = x[i] * x[j];
      }
    }
    return gram;
  }

  Cut cut(String router, long number, List<String> requests, Optional<Double> lambda) {
    return Cut.newBuilder()
        .setCut(number)
        .setRouter(router)
        .setFit(fit.getId())
        .setRequests(requests)
        .setLambda(lambda.orElse(null))
        .setReason(requests.isEmpty() ? "tokens" : "demand")
        .setSequence(number)
        .setLayers(fit.getLayers())
        .setWidth(fit.getWidth())
        .setTileSize(TILE)
        .setFractionBits(FIXED.fractionBits())
        .setStatisticsPartitions(fit.getStatisticsPartitions())
        .setExpertsVersion(1)
        .setExperts(experts())
        .setSlots(slots(tokens, false))
        .setHeldOut(slots(heldOut, true))
        .setRanges(List.of(new CutRange(0, 0L, 10 * number)))
        .setSetAside(0)
        .setCutAt(Instant.ofEpochMilli(1_700_000_000_000L))
        .build();
  }

  private static List<CutSlot> slots(long[] tokens, boolean heldOut) {
    List<CutSlot> slots = new ArrayList<>();
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] > 0) {
        String name = EXPERTS.get(i);
        slots.add(
            new CutSlot(
                Ids.ofSlot(name, "mlp-of-" + name, heldOut), name, i, tokens[i], tokens[i]));
      }
    }
    return slots;
  }

  /** The messages of one layer, in the order of the fold. */
  List<SpecificRecord> layer(long cut, int layer) {
    List<SpecificRecord> messages = new ArrayList<>(sums(cut, layer, sums.get(layer), false));
    int tiles = new TileGrid(size(), TILE).tiles();
    boolean withHeldOut = Arrays.stream(heldOut).anyMatch(count -> count > 0);
    if (withHeldOut) {
      messages.addAll(sums(cut, layer, heldOutSums.get(layer), true));
    }
    messages.add(new LayerComplete(cut, fit.getId(), layer, tiles, withHeldOut ? tiles : 0));
    return messages;
  }

  private List<SpecificRecord> sums(
      long cut, int layer, List<SymmetricSum> ofExperts, boolean heldOut) {
    List<SpecificRecord> messages = new ArrayList<>();
    TileGrid grid = new TileGrid(size(), TILE);
    for (TileGrid.Tile tile : grid.all()) {
      byte[] pooled = new byte[grid.bytes(tile.row(), tile.col())];
      ofExperts.forEach(sum -> Tiles.add(pooled, sum.tile(tile.row(), tile.col())));
      messages.add(
          new LayerTile(
              cut, fit.getId(), layer, tile.row(), tile.col(), ByteBuffer.wrap(pooled), heldOut));
    }
    byte[] targets = new byte[size() * tokens.length * Long.BYTES];
    for (int expert = 0; expert < tokens.length; expert++) {
      byte[] target = ofExperts.get(expert).target();
      for (int i = 0; i < size(); i++) {
        Tiles.set(targets, i * tokens.length + expert, Tiles.get(target, i));
      }
    }
    messages.add(
        new LayerTargets(
            cut, fit.getId(), layer, tokens.length, ByteBuffer.wrap(targets), heldOut));
    return messages;
  }

  double[] a(int layer) {
    return a(sums.get(layer));
  }

  double[] heldOutA(int layer) {
    return a(heldOutSums.get(layer));
  }

  private double[] a(List<SymmetricSum> ofExperts) {
    int n = size();
    double[] a = new double[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = i; j < n; j++) {
        long sum = 0;
        for (SymmetricSum ofExpert : ofExperts) {
          sum += ofExpert.value(i, j);
        }
        a[i * n + j] = sum / 0x1p20;
        a[j * n + i] = sum / 0x1p20;
      }
    }
    return a;
  }

  double[] b(int layer) {
    return b(sums.get(layer));
  }

  double[] heldOutB(int layer) {
    return b(heldOutSums.get(layer));
  }

  private double[] b(List<SymmetricSum> ofExperts) {
    int n = size();
    double[] b = new double[n * ofExperts.size()];
    for (int expert = 0; expert < ofExperts.size(); expert++) {
      for (int i = 0; i < n; i++) {
        b[i * ofExperts.size() + expert] = ofExperts.get(expert).value(i, n - 1) / 0x1p20;
      }
    }
    return b;
  }

  /** Mean squared error on the held-out tokens, by Gaussian elimination, mean over the layers. */
  double error(double lambda) {
    int n = size();
    int experts = tokens.length;
    double sum = 0;
    for (int layer = 0; layer < fit.getLayers(); layer++) {
      double[] w = eliminate(a(layer), b(layer), n, experts, lambda);
      double[] a = heldOutA(layer);
      double[] b = heldOutB(layer);
      double error = a[n * n - 1];
      for (int expert = 0; expert < experts; expert++) {
        for (int i = 0; i < n; i++) {
          error -= 2 * w[i * experts + expert] * b[i * experts + expert];
          for (int j = 0; j < n; j++) {
            error += w[i * experts + expert] * a[i * n + j] * w[j * experts + expert];
          }
        }
      }
      sum += error / a[n * n - 1];
    }
    return sum / fit.getLayers();
  }

  /** The gate by Gaussian elimination with pivoting: experts x (d weights, then the intercept). */
  double[][] gate(int layer, double lambda) {
    return normalised(eliminate(a(layer), b(layer), size(), tokens.length, lambda));
  }

  /** The same from features without the 1 that is appended: the intercept is 0. */
  double[][] gateOfFeatures(int layer, double lambda) {
    int width = size() - 1;
    double[] a = a(layer);
    double[] block = new double[width * width];
    for (int i = 0; i < width; i++) {
      System.arraycopy(a, i * (width + 1), block, i * width, width);
    }
    double[] b = Arrays.copyOf(b(layer), width * tokens.length);
    return normalised(
        Arrays.copyOf(eliminate(block, b, width, tokens.length, lambda), size() * tokens.length));
  }

  private double[][] normalised(double[] w) {
    int n = size();
    double[][] gate = new double[tokens.length][n];
    for (int expert = 0; expert < tokens.length; expert++) {
      double squares = 0;
      for (int i = 0; i < n - 1; i++) {
        squares += Math.pow(w[i * tokens.length + expert], 2);
      }
      for (int i = 0; i < n; i++) {
        gate[expert][i] = w[i * tokens.length + expert] / Math.sqrt(squares);
      }
    }
    return gate;
  }

  /** (A + λI)⁻¹ b, in the arrays' own place. */
  static double[] eliminate(double[] a, double[] b, int n, int columns, double lambda) {
    for (int i = 0; i < n; i++) {
      a[i * n + i] += lambda;
    }
    for (int p = 0; p < n; p++) {
      int pivot = p;
      for (int r = p + 1; r < n; r++) {
        pivot = Math.abs(a[r * n + p]) > Math.abs(a[pivot * n + p]) ? r : pivot;
      }
      swapRows(a, n, p, pivot);
      swapRows(b, columns, p, pivot);
      for (int r = 0; r < n; r++) {
        double factor = r == p ? 0 : a[r * n + p] / a[p * n + p];
        for (int c = 0; c < n; c++) {
          a[r * n + c] -= factor * a[p * n + c];
        }
        for (int c = 0; c < columns; c++) {
          b[r * columns + c] -= factor * b[p * columns + c];
        }
      }
    }
    for (int i = 0; i < n; i++) {
      for (int c = 0; c < columns; c++) {
        b[i * columns + c] /= a[i * n + i];
      }
    }
    return b;
  }

  private static void swapRows(double[] matrix, int columns, int one, int other) {
    for (int c = 0; c < columns; c++) {
      double kept = matrix[one * columns + c];
      matrix[one * columns + c] = matrix[other * columns + c];
      matrix[other * columns + c] = kept;
    }
  }
}
