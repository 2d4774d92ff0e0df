package io.dume.topology.synthetic;

import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Small fits. Each expert is a domain of its own name. */
public final class SyntheticFit {
  /** The router of every synthetic fit that does not say otherwise. */
  public static final String ROUTER = "default";

  private SyntheticFit() {}

  /**
   * A fit whose tiles have edge tiles beside them: width + 1 need not be a multiple of tileSize.
   */
  public static Fit of(
      String label, int layers, int width, int tileSize, int tokenPartitions, int partitions) {
    Fit draft =
        build(new Id(new byte[16]), label, layers, width, tileSize, tokenPartitions, partitions);
    return build(Ids.ofFit(draft), label, layers, width, tileSize, tokenPartitions, partitions);
  }

  private static Fit build(
      Id id,
      String label,
      int layers,
      int width,
      int tileSize,
      int tokenPartitions,
      int partitions) {
    List<PartitionOffset> start =
        IntStream.range(0, tokenPartitions).mapToObj(p -> new PartitionOffset(p, 0L)).toList();
    return new Fit(
        id,
        "backbone",
        "mlp-input",
        64,
        20,
        tileSize,
        new ExtractionProfile("cpu", "test", "libtorch test", "float64"),
        label,
        layers,
        width,
        1000,
        512,
        8192,
        "",
        partitions,
        start);
  }

  public static FitCreated created(String router, Fit fit) {
    return new FitCreated(router, fit, Instant.EPOCH, false);
  }

  public static ExpertsChanged experts(String router, int version, String... names) {
    return new ExpertsChanged(
        router,
        version,
        Stream.of(names).map(n -> new Expert(n, mlp(n))).toList(),
        Stream.of(names).map(n -> new DomainExpert(n, n)).toList(),
        null,
        List.of());
  }

  public static String mlp(String expert) {
    return "mlp-of-" + expert;
  }
}
