package io.dume.extractor;

import io.dume.models.GramType;
import io.dume.models.RecordStatistics;
import java.util.OptionalInt;

/** The model library's features of a record. */
record StatisticsFeatures(RecordStatistics statistics, GramType gramType)
    implements RecordFeatures {
  @Override
  public long tokens() {
    return statistics.tokens();
  }

  @Override
  public OptionalInt firstNonFiniteLayer() {
    return statistics.firstNonFiniteLayer();
  }

  @Override
  public double largestDiagonal(int layer) {
    return statistics.largestDiagonal(layer);
  }

  @Override
  public void gram(int layer, double[] out) {
    statistics.gram(layer, gramType, out);
  }

  @Override
  public void close() {
    statistics.close();
  }
}
