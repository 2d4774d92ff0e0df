package io.dume.topology.synthetic;

import io.dume.schemas.control.Membership;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Small fits and what the control log says of them. */
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

  /** A fit that stands beside the one that serves until it is promoted. */
  public static FitCreated candidate(String router, Fit fit) {
    return new FitCreated(router, fit, Instant.EPOCH, true);
  }

  public static FitPromoted promoted(
      String router, Fit fit, String request, PartitionOffset... upTo) {
    return new FitPromoted(router, fit.getId(), request, List.of(upTo));
  }

  public static FitRemoved removed(String router, Fit fit) {
    return new FitRemoved(router, fit.getId());
  }

  /** A list of the router's first fit: each expert is a domain of its own name. */
  public static ExpertsChanged experts(String router, int version, String... names) {
    return list(router, Optional.empty(), version, ownDomains(names));
  }

  /** A list of a fit: each expert is a domain of its own name. */
  public static ExpertsChanged experts(String router, Fit fit, int version, String... names) {
    return experts(router, fit, version, ownDomains(names));
  }

  /** A list of a fit: the domains with the names of their experts. */
  public static ExpertsChanged experts(
      String router, Fit fit, int version, Map<String, String> expertOf) {
    return list(router, Optional.of(fit.getId()), version, expertOf);
  }

  private static Map<String, String> ownDomains(String... names) {
    Map<String, String> expertOf = new LinkedHashMap<>();
    Stream.of(names).forEach(name -> expertOf.put(name, name));
    return expertOf;
  }

  private static ExpertsChanged list(
      String router, Optional<Id> fit, int version, Map<String, String> expertOf) {
    return new ExpertsChanged(
        router,
        version,
        expertOf.values().stream().distinct().map(e -> new Expert(e, mlp(e))).toList(),
        expertOf.entrySet().stream().map(e -> new DomainExpert(e.getKey(), e.getValue())).toList(),
        fit.orElse(null),
        List.of());
  }

  /** The membership of a domain that has an expert of its own name. */
  public static Membership membership(String domain, int since) {
    return membership(domain, domain, since);
  }

  public static Membership membership(String domain, String expert, int since) {
    return new Membership(domain, mlp(expert), since);
  }

  public static String mlp(String expert) {
    return "mlp-of-" + expert;
  }
}
