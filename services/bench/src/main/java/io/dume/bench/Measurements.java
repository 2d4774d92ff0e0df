package io.dume.bench;

import java.util.List;

/** Everything that {@code dume bench} can measure. */
public final class Measurements {

  private Measurements() {}

  /**
   * All measurements: first the parts on the road of a token, then the whole, then the kernels.
   *
   * @return new ones, in the order in which they are run and reported
   */
  public static List<Measurement> all() {
    return List.of(
        new ExtractionMeasurement(),
        new PipelineMeasurement(),
        new FoldMeasurement(),
        new SolveMeasurement(),
        new VersionMeasurement(),
        new FreshnessMeasurement(),
        new RestoreMeasurement(),
        new StartMeasurement(),
        new MemoryMeasurement(),
        new ScaleMeasurement(),
        new KernelMeasurement());
  }
}
