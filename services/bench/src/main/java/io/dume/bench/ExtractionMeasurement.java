package io.dume.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.dume.extractor.MergedModelExtraction;
import io.dume.models.Device;
import io.dume.models.GramType;
import io.dume.schemas.message.TokenBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How much of the processor's rate in a large float32 product a worker reaches with what it must
 * compute: {@link RandomLlama#flops}. Everything else that a worker does with a record counts as
 * time and not as work.
 */
final class ExtractionMeasurement implements Measurement {
  private static final int[] EVEN = {512, 512, 512, 512};

  /** Lengths as documents have them, about as many tokens. */
  private static final int[] MIXED = {512, 37, 301, 512, 118, 64, 230, 274};

  private static final int SIDE = 2048;

  /** The rate is a layer's: six show it as twelve do. */
  private static final int QUICK_LAYERS = 6;

  private int part;

  @Override
  public String name() {
    return "extraction";
  }

  @Override
  public String description() {
    return "forward and Gram, d = 768, 12 layers, one thread, against a float32 product of %d³"
        .formatted(SIDE);
  }

  @Override
  public List<Figure> run(Bench bench) throws Exception {
    RandomLlama shape =
        RandomLlama.SMALL.withLayers(bench.either(QUICK_LAYERS, RandomLlama.SMALL.layers()));
    bench
        .progress()
        .accept(
            "making a random model of d = %d, %d layers".formatted(shape.hidden(), shape.layers()));
    Path merged = shape.merge(bench.scratch());
    List<Figure> figures = new ArrayList<>();
    int[] even = bench.quick() ? Arrays.copyOf(EVEN, 2) : EVEN;
    figures.add(
        measure(
            bench,
            shape,
            merged,
            GramType.FLOAT32,
            even,
            "",
            Optional.of(Target.ratioAtLeast(0.85))));
    figures.add(
        measure(
            bench,
            shape,
            merged,
            GramType.FLOAT64,
            even,
            "",
            Optional.of(Target.ratioAtLeast(0.78))));
    if (!bench.quick()) {
      figures.add(
          measure(
              bench, shape, merged, GramType.FLOAT32, MIXED, ", mixed lengths", Optional.empty()));
    }
    return figures;
  }

  private Figure measure(
      Bench bench,
      RandomLlama shape,
      Path merged,
      GramType gram,
      int[] lengths,
      String note,
      Optional<Target> target)
      throws Exception {
    String name =
        "extraction, %s Gram, one thread%s"
            .formatted(gram == GramType.FLOAT32 ? "float32" : "float64", note);
    bench.progress().accept(name);
    try (MergedModelExtraction model = MergedModelExtraction.open(merged, Device.CPU, gram);
        NDManager manager = NDManager.newBaseManager(ai.djl.Device.cpu(), "PyTorch")) {
      NDArray a = manager.randomNormal(new Shape(SIDE, SIDE));
      NDArray b = manager.randomNormal(new Shape(SIDE, SIDE));
      LocalWorker worker = new LocalWorker(model);
      Rounds rounds =
          ComputeThreads.one(
              () ->
                  Rounds.alternate(
                      1,
                      bench.either(2, 5),
                      () -> extraction(worker, shape, lengths),
                      () -> product(a, b, bench.either(3, 6))));
      return new Figure(
          name,
          "GFLOP/s",
          rounds.value().median(),
          rounds.value().spread(),
          OptionalDouble.of(rounds.floor().median()),
          OptionalDouble.of(rounds.ratio().median()),
          target);
    }
  }

  private double extraction(LocalWorker worker, RandomLlama shape, int[] lengths) {
    TokenBatch record = LocalWorker.record(part++, shape.vocabulary(), lengths);
    long start = System.nanoTime();
    worker.take(record);
    return shape.flops(lengths) / (System.nanoTime() - start);
  }

  /** The rate of the product itself: libtorch's own, with nothing around it. */
  private static double product(NDArray a, NDArray b, int times) {
    long start = System.nanoTime();
    for (int i = 0; i < times; i++) {
      a.matMul(b).close();
    }
    return 2.0 * SIDE * SIDE * SIDE * times / (System.nanoTime() - start);
  }
}
