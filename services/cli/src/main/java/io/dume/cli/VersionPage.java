package io.dume.cli;

import io.dume.models.FeatureSource;
import io.dume.schemas.message.CutRange;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.LambdaError;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.Ids;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A version for people.
 *
 * @param version the version
 * @param before the one before it, as far as the topic has it
 */
record VersionPage(RouterVersion version, Optional<RouterVersion> before) {

  void print(Console console) {
    RouterVersion v = version;
    console.result(
        "router %s, version %d, of %s".formatted(v.getRouter(), v.getVersion(), v.getCreatedAt()));
    console.result("sha256 " + v.getSha256());
    boolean trained = v.getTraining().isPresent();
    v.getTraining().map(TrainingRecord::sentence).ifPresent(console::result);
    console.result(
        "%s, from %d flushes: cut %d of fit %s%s"
            .formatted(
                trained ? "the gates before training" : "made because of " + v.getReason(),
                v.getSequence(),
                v.getCut(),
                Ids.hex(v.getFit().getId()),
                v.getFit().getLabel().isEmpty() ? "" : " (" + v.getFit().getLabel() + ")"));
    console.result(
        "%ssolved with %s (%s)%s%s"
            .formatted(
                trained ? "these were " : "",
                v.getFactorisation(),
                v.getCoreType(),
                v.getIntercept() ? "" : ", without an intercept",
                v.getMixed() ? ", from statistics of more than one numeric profile" : ""));
    console.result(
        v.getFit().getFeatureSource().equals(FeatureSource.EMBEDDING.toString())
            ? "of token embeddings: for whole texts (dume route), not for a mixture's layers"
            : "routed " + policy(v));
    heading(console, "since version " + before.map(b -> b.getVersion() + "").orElse("none"));
    changes().forEach(console::result);
    heading(console, "domains");
    domains().print(console);
    heading(console, "token batches");
    ranges().print(console);
    console.result(
        "of these set aside %d, sent before %d, of domains left out %d"
            .formatted(v.getSetAside(), v.getDuplicates(), v.getLeftOut()));
    heading(console, "ridge penalty " + v.getLambda() + (v.getAutoLambda() ? ", chosen" : ""));
    if (!v.getLambdaCurve().isEmpty()) {
      curve().print(console);
    }
    if (!v.getLayers().isEmpty()) {
      heading(console, "layers (R^2 by expert: 0 not told apart, 1 separable)");
      layers().print(console);
    }
  }

  private static void heading(Console console, String text) {
    console.result("");
    console.result(text);
  }

  /** One line for each thing that differs from the version before. */
  List<String> changes() {
    if (before.isEmpty()) {
      return List.of("the first that is there");
    }
    RouterVersion b = before.get();
    List<String> changes = new ArrayList<>();
    if (!b.getFit().getId().equals(version.getFit().getId())) {
      changes.add(
          "another fit: context_dim %d, was %d; backbone %s, was %s"
              .formatted(
                  version.getFit().getContextDim(),
                  b.getFit().getContextDim(),
                  shortened(version.getFit().getBackbone()),
                  shortened(b.getFit().getBackbone())));
    }
    List<String> names = version.getExperts().stream().map(Expert::getName).toList();
    List<String> earlier = b.getExperts().stream().map(Expert::getName).toList();
    names.stream()
        .filter(n -> !earlier.contains(n))
        .forEach(n -> changes.add("expert %s came".formatted(n)));
    earlier.stream()
        .filter(n -> !names.contains(n))
        .forEach(n -> changes.add("expert %s went".formatted(n)));
    Map<String, Long> tokens = tokens(version);
    Map<String, Long> tokensBefore = tokens(b);
    tokens.forEach(
        (domain, count) -> {
          long difference = count - tokensBefore.getOrDefault(domain, 0L);
          if (difference != 0) {
            changes.add("%s %+d tokens".formatted(domain, difference));
          }
        });
    tokensBefore.keySet().stream()
        .filter(domain -> !tokens.containsKey(domain))
        .forEach(domain -> changes.add("domain %s went".formatted(domain)));
    if (b.getLambda() != version.getLambda()) {
      changes.add("ridge penalty %s, was %s".formatted(version.getLambda(), b.getLambda()));
    }
    if (b.getIntercept() != version.getIntercept()) {
      changes.add(version.getIntercept() ? "with an intercept now" : "without an intercept now");
    }
    if (!b.getPolicy().equals(version.getPolicy())) {
      changes.add("routed %s, was %s".formatted(policy(version), policy(b)));
    }
    if (b.getTraining().isPresent() != version.getTraining().isPresent()) {
      changes.add(
          version.getTraining().isPresent()
              ? "the gates were trained"
              : "the gates were solved, those before were trained");
    }
    if (b.getSha256().equals(version.getSha256())) {
      changes.add("the weights are the same, byte for byte");
    }
    return changes.isEmpty() ? List.of("nothing but the weights") : changes;
  }

  private static String policy(RouterVersion version) {
    return version.getPolicy().map(Policies::of).map(Object::toString).orElse("as in the paper");
  }

  private static String shortened(String fingerprint) {
    return fingerprint.substring(0, Math.min(12, fingerprint.length()));
  }

  private static Map<String, Long> tokens(RouterVersion version) {
    Map<String, Long> tokens = new LinkedHashMap<>();
    version.getDomains().forEach(d -> tokens.merge(d.getDomain(), d.getTokens(), Long::sum));
    return tokens;
  }

  private Table domains() {
    Table table = new Table("domain", "expert", "tokens", "records", "held-out tokens");
    for (DomainTokens domain : version.getDomains()) {
      long heldOut =
          version.getHeldOut().stream()
              .filter(h -> h.getDomain().equals(domain.getDomain()))
              .mapToLong(DomainTokens::getTokens)
              .sum();
      table.row(
          domain.getDomain(), domain.getExpert(), domain.getTokens(), domain.getRecords(), heldOut);
    }
    return table;
  }

  private Table ranges() {
    Table table = new Table("partition", "from", "to");
    for (CutRange range : version.getRanges()) {
      table.row(range.getPartition(), range.getFrom(), range.getTo());
    }
    return table;
  }

  private Table curve() {
    Table table = new Table("lambda", "error on held-out tokens");
    for (LambdaError point : version.getLambdaCurve()) {
      table.row(
          point.getLambda() + (point.getLambda() == version.getLambda() ? " *" : ""),
          "%.6f".formatted(point.getError()));
    }
    return table;
  }

  private Table layers() {
    List<String> header = new ArrayList<>(List.of("layer", "residual", "smallest pivot"));
    version.getExperts().forEach(e -> header.add(e.getName()));
    Table table = new Table(header.toArray(String[]::new));
    for (LayerSolution layer : version.getLayers()) {
      List<Object> row = new ArrayList<>();
      row.add(layer.getLayer());
      row.add("%.1e".formatted(layer.getResidual()));
      row.add("%.3g".formatted(layer.getSmallestPivot()));
      for (int e = 0; e < version.getExperts().size(); e++) {
        // Versions of before it was computed have none.
        row.add(
            e < layer.getSeparability().size()
                ? "%.3f".formatted(layer.getSeparability().get(e))
                : "-");
      }
      table.row(row.toArray());
    }
    return table;
  }
}
