package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.router.RouterEvent;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.LambdaError;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import io.dume.schemas.wire.Ids;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class VersionPageTest {

  static RouterVersion version(long number, String sha256, DomainTokens... domains) {
    Fit fit =
        new Fit(
            Ids.ofSlot("fit", "", false),
            "backbone",
            "mlp-input",
            16,
            20,
            256,
            new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64"),
            "",
            1,
            5,
            256,
            128,
            1024,
            "",
            2,
            List.of());
    List<DomainTokens> tokens = List.of(domains);
    return RouterVersion.newBuilder()
        .setRouter("default")
        .setVersion(number)
        .setFit(fit)
        .setCut(number)
        .setRequests(List.of())
        .setReason("demand")
        .setSequence(12)
        .setExpertsVersion(1)
        .setExperts(tokens.stream().map(d -> new Expert(d.getExpert(), "m")).distinct().toList())
        .setDomains(tokens)
        .setRanges(List.of())
        .setSetAside(0)
        .setLambda(0.01)
        .setFactorisation("ejml")
        .setCoreType("portable")
        .setMixed(false)
        .setLayers(
            List.of(
                new LayerSolution(
                    0,
                    1e-12,
                    0.5,
                    List.of(),
                    List.of(0.25, 0.75),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of())))
        .setCreatedAt(Instant.EPOCH)
        .setParts(1)
        .setWeightBytes(48)
        .setSha256(sha256)
        .build();
  }

  private static DomainTokens tokens(String domain, long tokens) {
    return new DomainTokens(domain, domain, tokens, 1L);
  }

  @Test
  void shouldSayWhatCameAndWentSinceTheVersionBefore() {
    RouterVersion before = version(1, "a", tokens("math", 10), tokens("law", 5));
    RouterVersion now = version(2, "b", tokens("math", 30), tokens("code", 7));

    assertThat(new VersionPage(now, Optional.of(before)).changes())
        .containsExactly(
            "expert code came",
            "expert law went",
            "math +20 tokens",
            "code +7 tokens",
            "domain law went");
  }

  @Test
  void shouldSayWhereTheWeightsAreTheSame() {
    RouterVersion before = version(1, "a", tokens("math", 10));

    assertThat(new VersionPage(version(2, "a", tokens("math", 10)), Optional.of(before)).changes())
        .containsExactly("the weights are the same, byte for byte");
    assertThat(new VersionPage(before, Optional.empty()).changes())
        .containsExactly("the first that is there");
  }

  @Test
  void shouldSayWhereThereIsNoIntercept() {
    StringWriter out = new StringWriter();
    RouterVersion before = version(1, "a".repeat(64), tokens("math", 10));
    RouterVersion now =
        RouterVersion.newBuilder(version(2, "b".repeat(64), tokens("math", 10)))
            .setIntercept(false)
            .build();

    VersionPage page = new VersionPage(now, Optional.of(before));

    page.print(new Console(new PrintWriter(out), new PrintWriter(new StringWriter()), false));
    assertThat(out.toString()).contains("solved with ejml (portable), without an intercept\n");
    assertThat(page.changes()).containsExactly("without an intercept now");
    assertThat(VersionLines.of(new RouterEvent.Published(now)))
        .contains("lambda 0.01  no intercept  ejml");
    assertThat(VersionLines.of(new RouterEvent.Published(before))).contains("lambda 0.01  ejml");
  }

  @Test
  void shouldSayWhichPolicyIsAnotherNow() {
    RouterVersion paper = version(1, "a", tokens("math", 10));
    RouterVersion remembering =
        RouterVersion.newBuilder(version(2, "a", tokens("math", 10)))
            .setPolicy(new Policy(1, 1.0, 0.95, 0.0, 1.0))
            .build();

    assertThat(new VersionPage(remembering, Optional.of(paper)).changes())
        .first()
        .isEqualTo(
            "routed top-k=1,temperature=1,smoothing=0.95,below=0,above=1, was as in the paper");
  }

  @Test
  void shouldTellOfTrainedGatesHowTheyWereTrainedAndOfNoLayers() {
    StringWriter out = new StringWriter();
    RouterVersion solved = version(3, "a", tokens("math", 10));
    RouterVersion trained =
        RouterVersion.newBuilder(version(4, "b".repeat(64), tokens("math", 10)))
            .setReason("trained")
            .setLayers(List.of())
            .setTraining(new Training(3L, 1000, 1e-4, 0.0, 50_000L, 7L))
            .build();

    VersionPage page = new VersionPage(trained, Optional.of(solved));
    page.print(new Console(new PrintWriter(out), new PrintWriter(new StringWriter()), false));

    assertThat(page.changes()).containsExactly("the gates were trained");
    assertThat(new VersionPage(solved, Optional.of(trained)).changes())
        .containsExactly("the gates were solved, those before were trained");
    assertThat(out.toString())
        .contains(
            "trained from version 3: 1,000 steps at a learning rate of 1.0E-4, load balancing 0.0, 50,000 tokens of text, seed 7")
        .contains("the gates before training, from 12 flushes: cut 4 of fit")
        .contains("these were solved with ejml (portable)")
        .doesNotContain("residual");
    assertThat(VersionLines.of(new RouterEvent.Published(trained)))
        .isEqualTo(
            "version 4  1970-01-01T00:00:00Z  math=10  trained from version 3  sha256 bbbbbbbbbbbb");
  }

  @Test
  void shouldShowTheCurveByWhichThePenaltyWasChosenAndHowFarExpertsAreApart() {
    StringWriter out = new StringWriter();
    RouterVersion version =
        RouterVersion.newBuilder(version(3, "a", tokens("math", 10), tokens("code", 9)))
            .setAutoLambda(true)
            .setLambdaCurve(List.of(new LambdaError(0.01, 0.25), new LambdaError(0.1, 0.5)))
            .build();

    new VersionPage(version, Optional.empty())
        .print(new Console(new PrintWriter(out), new PrintWriter(new StringWriter()), false));

    assertThat(out.toString())
        .contains("ridge penalty 0.01, chosen")
        .containsPattern("0\\.01 \\* +0\\.250000")
        .containsPattern("layer +residual +smallest pivot +math +code")
        .containsPattern("0 +1\\.0e-12 +0\\.500 +0\\.250 +0\\.750");
  }
}
