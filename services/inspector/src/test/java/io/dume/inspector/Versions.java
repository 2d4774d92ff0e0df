package io.dume.inspector;

import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.RouterVersion;
import java.time.Instant;
import java.util.List;

/** Versions of one fit of one layer, without anything of their solution. */
final class Versions {

  private Versions() {}

  static RouterVersion of(
      long number, int width, List<Expert> experts, List<DomainTokens> domains) {
    Fit fit =
        new Fit(
            new Id(new byte[16]),
            "backbone",
            "mlp-input",
            64,
            20,
            256,
            new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64"),
            "",
            1,
            width,
            2048,
            512,
            4096,
            "t",
            4,
            List.of());
    return RouterVersion.newBuilder()
        .setRouter("demo")
        .setVersion(number)
        .setFit(fit)
        .setCut(number)
        .setRequests(List.of())
        .setReason("test")
        .setSequence(number)
        .setExpertsVersion(1)
        .setExperts(experts)
        .setDomains(domains)
        .setRanges(List.of())
        .setSetAside(0)
        .setLambda(0.01)
        .setFactorisation("ejml")
        .setCoreType("portable")
        .setMixed(false)
        .setLayers(List.of())
        .setCreatedAt(Instant.EPOCH)
        .setParts(1)
        .setWeightBytes(1)
        .setSha256("")
        .build();
  }
}
