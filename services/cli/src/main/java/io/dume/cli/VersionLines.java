package io.dume.cli;

import io.dume.router.RouterEvent;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.RouterVersion;
import java.util.stream.Collectors;

/** Router versions and refusals, one line each. */
final class VersionLines {

  private VersionLines() {}

  static String of(RouterEvent event) {
    if (event instanceof RouterEvent.Published published) {
      return published(published.version());
    }
    return refused(((RouterEvent.Refused) event).refusal());
  }

  private static String published(RouterVersion version) {
    return "version %d  %s  %s  %s  sha256 %s"
        .formatted(
            version.getVersion(),
            version.getCreatedAt(),
            version.getDomains().stream()
                .map(VersionLines::tokens)
                .collect(Collectors.joining(" ")),
            version.getTraining().map(TrainingRecord::brief).orElseGet(() -> solved(version)),
            version.getSha256().substring(0, 12));
  }

  private static String solved(RouterVersion version) {
    double residual =
        version.getLayers().stream().mapToDouble(LayerSolution::getResidual).max().orElse(0);
    return "lambda %s%s  %s  residual %.1e"
        .formatted(
            version.getLambda(),
            version.getIntercept() ? "" : "  no intercept",
            version.getFactorisation(),
            residual);
  }

  private static String tokens(DomainTokens domain) {
    return domain.getDomain() + "=" + domain.getTokens();
  }

  private static String refused(CutRefused refusal) {
    return "refused    %s  cut %d: %s"
        .formatted(refusal.getRefusedAt(), refusal.getCut(), refusal.getReason());
  }
}
