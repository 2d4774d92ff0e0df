package io.dume.bench;

import io.dume.solver.LayerTiming;
import java.util.ArrayList;
import java.util.List;

/**
 * One layer from its tiles to its gate, against the LAPACK calls in it on a matrix that is ready.
 * Small layers are taken in batches, and the median of a batch is one repetition.
 */
final class SolveMeasurement implements Measurement {
  private static final int EXPERTS = 5;
  private static final int LARGEST_WHEN_QUICK = 3073;
  private static final List<Integer> SIZES = List.of(577, 1025, 3073, 4097);

  /** Seconds of rounds for each size, about: small matrices need many rounds for a quiet median. */
  private static final double SECONDS_WHEN_QUICK = 4;

  private static final double SECONDS_WHEN_FULL = 20;

  /** Of a batch, about: a single solve of a millisecond shows whatever else the machine does. */
  private static final double SECONDS_OF_BATCH = 0.05;

  private static final int FEWEST_ROUNDS = 3;
  private static final int MOST_ROUNDS = 100;
  private static final Target TARGET = Target.ratioAtMost(1.15);

  @Override
  public String name() {
    return "solve";
  }

  @Override
  public String description() {
    return "one layer from tiles to gate, one thread, against dpotrf and dpotrs alone";
  }

  @Override
  public List<Figure> run(Bench bench) throws Exception {
    List<Figure> figures = new ArrayList<>();
    for (int n : SIZES) {
      if (bench.quick() && n > LARGEST_WHEN_QUICK) {
        continue;
      }
      bench.progress().accept("solve: n = " + n);
      figures.add(figure(bench, n));
    }
    return figures;
  }

  /** One after the other, as the layers of a cut are solved: in the same memory. */
  private static double median(int batch, Rounds.Work work) throws Exception {
    double[] values = new double[batch];
    for (int i = 0; i < batch; i++) {
      values[i] = work.measure();
    }
    return Samples.of(values).median();
  }

  private static Figure figure(Bench bench, int n) throws Exception {
    try (LayerTiming layer = new LayerTiming(n, EXPERTS, n)) {
      double once = Math.min(layer.factorise(), layer.factorise());
      double budget = bench.quick() ? SECONDS_WHEN_QUICK : SECONDS_WHEN_FULL;
      int batch = (int) Math.max(1, SECONDS_OF_BATCH / once);
      // Solving, the bare calls, and the copy that makes them ready again.
      int fits = (int) (budget / (3 * once * batch));
      int rounds = Math.max(FEWEST_ROUNDS, Math.min(MOST_ROUNDS, fits));
      int warmUps = Math.max(2, rounds / 2);
      Rounds times =
          Rounds.alternate(
              warmUps,
              rounds,
              () -> 1e3 * median(batch, layer::solve),
              () -> 1e3 * median(batch, layer::factorise));
      return Figure.against("solve, n = %d, %d experts".formatted(n, EXPERTS), "ms", times, TARGET);
    }
  }
}
