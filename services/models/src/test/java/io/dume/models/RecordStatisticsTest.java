package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecordStatisticsTest {

  /** Wider than one band of the Gram matrix, and no multiple of it. */
  private static final int WIDTH = 300;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void shouldSumEveryProductOfTwoFeaturesOnceWhereTheMatrixTakesSeveralBands(GramType type)
      throws IOException {
    int n = WIDTH + 1;
    int[] tokens = {3, 1, 4, 1, 5, 9, 2, 6};
    double[] gram = new double[n * n];
    try (MixtureModel model = MixtureModel.load(merged(), Device.CPU);
        RecordStatistics record = model.extract(0, new int[][] {{7}, tokens}, 100);
        RecordStatistics other = model.extract(0, new int[][] {tokens, {7}}, 100)) {

      record.gram(1, type, gram);

      double[] wanted = new double[n * n];
      add(record.firstSequenceFeatures(1), wanted);
      add(other.firstSequenceFeatures(1), wanted);
      assertThat(gram).containsExactly(wanted, within(1e-4));
      assertThat(gram[n * n - 1]).isEqualTo(9);
    }
  }

  private static void add(float[] features, double[] sum) {
    int n = WIDTH + 1;
    for (int t = 0; t < features.length / WIDTH; t++) {
      for (int i = 0; i < n; i++) {
        for (int j = i; j < n; j++) {
          sum[i * n + j] += feature(features, t, i) * feature(features, t, j);
        }
      }
    }
  }

  private static double feature(float[] features, int token, int i) {
    return i == WIDTH ? 1 : features[token * WIDTH + i];
  }

  private Path merged() throws IOException {
    ObjectNode config = TestModel.config("llama");
    config.put("hidden_size", WIDTH);
    Path expert = TestModel.random(config, TensorType.F32, 1).write(directory.resolve("expert"));
    Path merged = directory.resolve("merged");
    MoErge.merge(List.of(new MoErge.Expert("e", expert)), merged, MoErge.Options.DEFAULT);
    return merged;
  }
}
