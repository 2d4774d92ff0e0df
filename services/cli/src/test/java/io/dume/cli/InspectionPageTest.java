package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.inspector.GateTurn;
import io.dume.inspector.Inspection;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class InspectionPageTest {

  private static final Inspection.Layer APART =
      new Inspection.Layer(
          new double[][] {{0, 3}, {3, 0}}, new double[][] {{0.9, 0.1}, {0.2, 0.8}});

  private static final Inspection.Layer NEAR =
      new Inspection.Layer(
          new double[][] {{0, 0.5}, {0.5, 0}}, new double[][] {{0.6, 0.4}, {0.5, 0.5}});

  @Test
  void shouldShowEachLayerAsAMapOrOneAlone() {
    InspectionPage page = page(List.of(NEAR, APART), List.of(), List.of());

    assertThat(printed(page, Optional.empty()))
        .contains("layer 0", "layer 1", "novel", "code", "3.0 ██", "0.10", "none: each pair")
        .contains("novel and code: 3.00 in the layer that tells them apart best (layer 1)");
    assertThat(printed(page, Optional.of(0))).contains("layer 0").doesNotContain("layer 1   ");
  }

  @Test
  void shouldNameThePairsThatNoLayerTellsApart() {
    assertThat(page(List.of(NEAR), List.of(), List.of()).nearPairs())
        .singleElement()
        .asString()
        .contains("novel and code", "0.50", "one expert could do for both");
  }

  @Test
  void shouldRaiseTheAlarmForFreshTokensThatAreHalfwayToAnotherExpert() {
    Inspection.Drift moved = new Inspection.Drift("novel", 4, 900, 2.1, 0.7, 1, true);
    Inspection.Drift still = new Inspection.Drift("code", 4, 800, 0.1, 0.03, 0, true);
    InspectionPage page = page(List.of(APART), List.of(still, moved), List.of());

    List<String> lines = page.fresh();

    assertThat(lines.get(0)).contains("novel", "900", "version 4", "70 %", "DRIFTS");
    assertThat(lines.get(1)).contains("code").doesNotContain("DRIFTS");
    ObjectNode json = page.json(Optional.empty());
    assertThat(json.at("/drift/1/drifts").asBoolean()).isTrue();
    assertThat(json.at("/layers/0/confusion/1/0").asDouble()).isEqualTo(0.2);
  }

  @Test
  void shouldSayHowManyMoreTokensBringAGateToAStandstill() {
    List<GateTurn> turns =
        List.of(
            new GateTurn("novel", 4, 9, 50, 8.2, 8_049), new GateTurn("code", 4, 3.5, 60, 3.2, 0));
    InspectionPage page = page(List.of(APART), List.of(), turns);

    List<String> lines = page.gates();

    assertThat(lines.get(0))
        .contains(
            "novel",
            "9.0 degrees with 50 tokens since version 4",
            "8.2 to go",
            "about 8000 tokens more");
    assertThat(lines.get(1)).contains("code", "stands still");
    assertThat(page.json(Optional.empty()).at("/gates/0/untilStill").asLong()).isEqualTo(8_049);
    assertThat(page(List.of(APART), List.of(), List.of()).gates().get(0)).contains("no version");
  }

  @Test
  void shouldGiveOneLayerAsJsonToo() {
    ObjectNode json = page(List.of(NEAR, APART), List.of(), List.of()).json(Optional.of(1));

    assertThat(json.get("layers")).hasSize(1);
    assertThat(json.at("/layers/0/layer").asInt()).isEqualTo(1);
    assertThat(json.at("/layers/0/distances/0/1").asDouble()).isEqualTo(3);
    assertThat(json.at("/pairs/0/couldShare").asBoolean()).as("of all layers").isFalse();
  }

  @Test
  void shouldNameTheVersionThatGatesWereTrainedFrom() {
    RouterVersion solved = version(7).build();
    RouterVersion trained =
        version(9).setTraining(new Training(7L, 1000, 1e-4, 0.0, 5_000L, 1L)).build();

    InspectionPage page = page(trained, solved, List.of(APART));

    assertThat(printed(page, Optional.empty()))
        .contains("router default, version 9", "trained, in 1000 steps, from those of version 7");
    assertThat(page.json(Optional.empty()).get("trainedFrom").asLong()).isEqualTo(7);
  }

  @Test
  void shouldSayWhereThereIsNoIntercept() {
    RouterVersion without = version(7).setIntercept(false).build();

    assertThat(page(without, without, List.of(APART)).header().get(1))
        .contains("without an intercept");
    assertThat(page(List.of(APART), List.of(), List.of()).header()).hasSize(1);
  }

  @Test
  void shouldSayWhereAnExpertsTokensAreOfSeveralDomains() {
    RouterVersion shared =
        RouterVersion.newBuilder(
                VersionPageTest.version(
                    7,
                    "a",
                    new DomainTokens("novel", "novel", 5L, 1L),
                    new DomainTokens("poetry", "novel", 5L, 1L),
                    new DomainTokens("code", "code", 20L, 1L)))
            .build();

    assertThat(page(shared, shared, List.of(APART)).header().get(1))
        .isEqualTo("by expert, not by domain: the tokens of all domains of novel are one");
  }

  @Test
  void shouldSayWhereTheOneLayerIsOfTokenEmbeddings() {
    RouterVersion version = version(7).build();
    RouterVersion embedding =
        version(7)
            .setFit(Fit.newBuilder(version.getFit()).setFeatureSource("embedding").build())
            .build();

    assertThat(page(embedding, embedding, List.of(APART)).header().get(1))
        .contains("token embeddings: one layer");
  }

  @Test
  void shouldDrawBothMapsOfEachLayerOrOfOne() {
    InspectionPage page = page(List.of(NEAR, APART), List.of(), List.of());

    String confusion =
        new InspectionPictures(page, Optional.empty()).drawings().get("confusion").svg();
    String distances =
        new InspectionPictures(page, Optional.of(1)).drawings().get("distances").svg();

    assertThat(confusion)
        .contains(">layer 0</text>", ">layer 1</text>", ">0.90</text>", ">0.40</text>")
        .contains("router default, version 7", "novel", "code");
    assertThat(distances).contains(">layer 1</text>", ">3.0</text>").doesNotContain("layer 0");
  }

  private static InspectionPage page(
      List<Inspection.Layer> layers, List<Inspection.Drift> drifts, List<GateTurn> turns) {
    RouterVersion version = version(7).build();
    return new InspectionPage(version, version, inspection(layers), drifts, turns);
  }

  private static InspectionPage page(
      RouterVersion asked, RouterVersion solved, List<Inspection.Layer> layers) {
    return new InspectionPage(asked, solved, inspection(layers), List.of(), List.of());
  }

  private static Inspection inspection(List<Inspection.Layer> layers) {
    return new Inspection(List.of("novel", "code"), new double[] {10, 20}, layers);
  }

  private static RouterVersion.Builder version(long number) {
    return RouterVersion.newBuilder(VersionPageTest.version(number, "a"));
  }

  private static String printed(InspectionPage page, Optional<Integer> layer) {
    StringWriter out = new StringWriter();
    page.print(
        new Console(new PrintWriter(out), new PrintWriter(new StringWriter()), false), layer);
    return out.toString();
  }
}
