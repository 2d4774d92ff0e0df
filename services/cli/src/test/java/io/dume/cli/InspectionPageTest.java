package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.inspector.Inspection;
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
        .contains("layer 0", "layer 1", "novel", "code", "3.0 ██", "0.10", "none: each pair");
    assertThat(printed(page, Optional.of(0))).contains("layer 0").doesNotContain("layer 1");
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
    ObjectNode json = page.json();
    assertThat(json.at("/drift/1/drifts").asBoolean()).isTrue();
    assertThat(json.at("/layers/0/confusion/1/0").asDouble()).isEqualTo(0.2);
  }

  @Test
  void shouldSayHowManyMoreTokensBringAGateToAStandstill() {
    List<Inspection.Turn> turns =
        List.of(new Inspection.Turn("novel", 3, 50, 800), new Inspection.Turn("code", 0.4, 60, 0));

    List<String> lines = page(List.of(APART), List.of(), turns).gates();

    assertThat(lines.get(0)).contains("novel", "3.0 degrees", "800 more");
    assertThat(lines.get(1)).contains("code", "stands still");
  }

  private static InspectionPage page(
      List<Inspection.Layer> layers, List<Inspection.Drift> drifts, List<Inspection.Turn> turns) {
    return new InspectionPage(
        "demo",
        7,
        new Inspection(List.of("novel", "code"), new double[] {10, 20}, layers),
        drifts,
        turns);
  }

  private static String printed(InspectionPage page, Optional<Integer> layer) {
    StringWriter out = new StringWriter();
    page.print(
        new Console(new PrintWriter(out), new PrintWriter(new StringWriter()), false), layer);
    return out.toString();
  }
}
