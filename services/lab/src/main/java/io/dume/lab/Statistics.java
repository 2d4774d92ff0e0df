package io.dume.lab;

import io.dume.models.GramType;
import io.dume.models.MixtureModel;
import io.dume.models.RecordStatistics;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.SymmetricSum;
import io.dume.schemas.statistics.TileGrid;
import io.dume.solver.LayerStatistics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The sums that gates are solved from, of each layer and domain: the same integers that the stream
 * adds up. Not thread-safe.
 */
final class Statistics {

  /** As a new fit of the stream has them. */
  private static final FixedPoint FIXED_POINT = new FixedPoint(20);

  private static final int TILE_SIZE = 256;

  private final MixtureModel model;
  private final int contextDim;
  private final GramType type;
  private final int size;
  private final TileGrid grid;
  private final double[] gram;
  private final Map<String, List<SymmetricSum>> sums = new LinkedHashMap<>();
  private final Map<String, Long> tokens = new LinkedHashMap<>();

  Statistics(MixtureModel model, int contextDim, GramType type) {
    this.model = model;
    this.contextDim = contextDim;
    this.type = type;
    size = model.config().hiddenSize() + 1;
    grid = new TileGrid(size, TILE_SIZE);
    gram = new double[size * size];
  }

  /**
   * Adds a record: one forward pass and one rounding.
   *
   * @param domain the name of the expert that it goes through
   * @param sequences at least one
   */
  void add(String domain, List<int[]> sequences) {
    try (RecordStatistics record = extract(model, domain, sequences, contextDim)) {
      List<SymmetricSum> layers = sums.computeIfAbsent(domain, d -> zeros());
      for (int layer = 0; layer < layers.size(); layer++) {
        record.gram(layer, type, gram);
        layers.get(layer).add(gram);
      }
      tokens.merge(domain, record.tokens(), Long::sum);
    }
  }

  /** Extracts a record, all of it finite. */
  static RecordStatistics extract(
      MixtureModel model, String domain, List<int[]> sequences, int contextDim) {
    RecordStatistics record =
        model.extract(
            model.manifest().indexOf(domain).orElseThrow(),
            sequences.toArray(int[][]::new),
            contextDim);
    OptionalInt bad = record.firstNonFiniteLayer();
    if (bad.isPresent()) {
      record.close();
      throw new IllegalStateException(
          "a feature of layer %d is not finite for text of %s".formatted(bad.getAsInt(), domain));
    }
    return record;
  }

  private List<SymmetricSum> zeros() {
    List<SymmetricSum> layers = new ArrayList<>();
    for (int layer = 0; layer < model.config().layers(); layer++) {
      layers.add(new SymmetricSum(grid, FIXED_POINT));
    }
    return layers;
  }

  /** Returns the tokens of a domain so far. */
  long tokens(String domain) {
    return tokens.getOrDefault(domain, 0L);
  }

  /**
   * Pools domains.
   *
   * @param layer which
   * @param domains the columns of b, in order
   * @return A whole, both triangles
   */
  LayerStatistics layer(int layer, List<String> domains) {
    double[] a = new double[size * size];
    double[] b = new double[size * domains.size()];
    for (int row = 0; row < size; row++) {
      for (int column = row; column < size; column++) {
        long sum = 0;
        for (String domain : domains) {
          sum = Math.addExact(sum, sums.get(domain).get(layer).value(row, column));
        }
        a[row * size + column] = FIXED_POINT.toDouble(sum);
        a[column * size + row] = a[row * size + column];
      }
      for (int e = 0; e < domains.size(); e++) {
        long sum = sums.get(domains.get(e)).get(layer).value(row, size - 1);
        b[row * domains.size() + e] = FIXED_POINT.toDouble(sum);
      }
    }
    return new LayerStatistics(layer, size, domains.size(), a, b);
  }

  /** Returns the number of layers. */
  int layers() {
    return model.config().layers();
  }
}
