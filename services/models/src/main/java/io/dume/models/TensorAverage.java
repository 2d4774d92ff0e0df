package io.dume.models;

import java.io.IOException;
import java.util.List;

/**
 * The average of one tensor over several models, part by part: summed in float64 in the order of
 * the models, divided by their number, rounded once to float32.
 */
final class TensorAverage {

  private final List<TensorFiles> models;
  private final String name;

  TensorAverage(List<TensorFiles> models, String name) {
    this.models = models;
    this.name = name;
  }

  /** Averages {@code count} elements from a row-major index on. */
  private void read(long from, float[] target, int count) throws IOException {
    double[] sum = new double[count];
    for (TensorFiles model : models) {
      model.read(name, from, target, count);
      for (int i = 0; i < count; i++) {
        sum[i] += target[i];
      }
    }
    for (int i = 0; i < count; i++) {
      target[i] = (float) (sum[i] / models.size());
    }
  }

  /** Hands the leading elements of the average to a sink, part by part. */
  void sendTo(long elements, TensorFiles.Sink sink) throws IOException {
    float[] part = new float[(int) Math.min(TensorFiles.CHUNK, elements)];
    for (long from = 0; from < elements; from += TensorFiles.CHUNK) {
      int count = (int) Math.min(TensorFiles.CHUNK, elements - from);
      read(from, part, count);
      sink.accept(from, part, count);
    }
  }
}
