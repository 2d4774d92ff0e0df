package io.dume.lab;

import io.dume.models.GramType;
import io.dume.models.MixtureModel;
import io.dume.models.RecordStatistics;
import io.dume.solver.LayerStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sums in running float32, as the paper's code has them: what integers are compared with. Not
 * thread-safe.
 */
final class FloatSums {

  private final MixtureModel model;
  private final int contextDim;
  private final int size;
  private final double[] gram;
  private final Map<String, float[][]> sums = new LinkedHashMap<>();

  FloatSums(MixtureModel model, int contextDim) {
    this.model = model;
    this.contextDim = contextDim;
    size = model.config().hiddenSize() + 1;
    gram = new double[size * size];
  }

  void add(String domain, List<int[]> sequences) {
    float[][] layers =
        sums.computeIfAbsent(domain, d -> new float[model.config().layers()][size * size]);
    try (RecordStatistics record = Statistics.extract(model, domain, sequences, contextDim)) {
      for (int layer = 0; layer < layers.length; layer++) {
        record.gram(layer, GramType.FLOAT32, gram);
        for (int i = 0; i < gram.length; i++) {
          layers[layer][i] += (float) gram[i];
        }
      }
    }
  }

  int layers() {
    return model.config().layers();
  }

  /** Pools domains, in float32 too. */
  LayerStatistics layer(int layer, List<String> domains) {
    double[] a = new double[size * size];
    double[] b = new double[size * domains.size()];
    for (int row = 0; row < size; row++) {
      for (int column = row; column < size; column++) {
        float sum = 0;
        for (String domain : domains) {
          sum += sums.get(domain)[layer][row * size + column];
        }
        a[row * size + column] = sum;
        a[column * size + row] = sum;
      }
      for (int e = 0; e < domains.size(); e++) {
        b[row * domains.size() + e] = sums.get(domains.get(e))[layer][row * size + size - 1];
      }
    }
    return new LayerStatistics(layer, size, domains.size(), a, b);
  }
}
