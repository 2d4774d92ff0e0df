package io.dume.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import io.dume.schemas.wire.MessageFormat;
import io.dume.schemas.wire.Wire;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class VersionCheckTest {

  private static final byte[] WEIGHTS = Versions.weights(1);
  private static final int SQUARE = Versions.EXPERTS * Versions.EXPERTS;

  /** A change, and what the refusal names. */
  private static Arguments changed(String field, Consumer<RouterVersion.Builder> change) {
    return Arguments.of(Named.of(field, field), change);
  }

  private static Consumer<RouterVersion.Builder> policy(
      int k, double temperature, double smoothing, double below, double above) {
    return version -> version.setPolicy(new Policy(k, temperature, smoothing, below, above));
  }

  private static Consumer<RouterVersion.Builder> training(
      long start, int steps, double rate, double balance, long tokens) {
    return version -> {
      version.setLayers(List.of());
      version.setTraining(new Training(start, steps, rate, balance, tokens, 1L));
    };
  }

  private static Consumer<RouterVersion.Builder> layer(Consumer<LayerSolution.Builder> change) {
    return version -> {
      LayerSolution.Builder layer = LayerSolution.newBuilder(version.getLayers().get(1));
      change.accept(layer);
      version.setLayers(List.of(version.getLayers().get(0), layer.build()));
    };
  }

  static List<Arguments> changes() {
    return List.of(
        changed("policy", policy(0, 1, 0, 0, 0)),
        changed("policy", policy(Versions.EXPERTS + 1, 1, 0, 0, 0)),
        changed("policy", policy(1, 0, 0, 0, 0)),
        changed("policy", policy(1, Double.NaN, 0, 0, 0)),
        changed("policy", policy(1, 1, 1, 0, 0)),
        changed("policy", policy(1, 1, Double.NaN, 0, 0)),
        changed("policy", policy(1, 1, 0, -1, 0)),
        changed("policy", policy(1, 1, 0, 0, Double.POSITIVE_INFINITY)),
        changed("training.start", training(0, 1, 1e-4, 0, 1)),
        changed("training.start", training(4, 1, 1e-4, 0, 1)),
        changed("training.steps", training(3, 0, 1e-4, 0, 1)),
        changed("training.learningRate", training(3, 1, Double.NaN, 0, 1)),
        changed("training.learningRate", training(3, 1, 0, 0, 1)),
        changed("training.balance", training(3, 1, 1e-4, -1, 1)),
        changed("training.tokens", training(3, 1, 1e-4, 0, -1)),
        changed("layers", version -> version.setTraining(new Training(3L, 1, 1e-4, 0.0, 1L, 1L))),
        changed("layers", version -> version.setLayers(version.getLayers().subList(0, 1))),
        changed(
            "layers",
            version ->
                version.setLayers(List.of(version.getLayers().get(1), version.getLayers().get(0)))),
        changed("zeroColumns", layer(l -> l.setZeroColumns(List.of(Versions.EXPERTS)))),
        changed("zeroColumns", layer(l -> l.setZeroColumns(List.of(-1)))),
        changed("separability", layer(l -> l.setSeparability(List.of(1.0)))),
        changed("norms", layer(l -> l.setNorms(List.of(1.0, 1.0)))),
        changed("norms", layer(l -> l.setNorms(List.of(1.0, 0.0, 1.0)))),
        changed("norms", layer(l -> l.setNorms(List.of()))),
        changed("scoreSums", layer(l -> l.setScoreSums(List.of(1.0)))),
        changed("scoreSums", layer(l -> l.setScoreSums(List.of()))),
        changed("scoreProducts", layer(l -> l.setScoreProducts(numbers(SQUARE, Double.NaN)))),
        changed("scoreProducts", layer(l -> l.setScoreProducts(numbers(SQUARE - 1, 1)))),
        changed("earlierScoreSums", layer(l -> l.setEarlierScoreSums(numbers(SQUARE + 1, 1)))),
        changed(
            "domains",
            version -> version.setDomains(List.of(new DomainTokens("law", "law", 10L, 1L)))),
        changed(
            "domains",
            version -> version.setDomains(List.of(new DomainTokens("math", "math", -1L, 1L)))),
        changed(
            "domains: math is there twice",
            version ->
                version.setDomains(
                    List.of(
                        new DomainTokens("math", "novel", 1L, 1L),
                        new DomainTokens("math", "novel", 2L, 1L)))),
        changed(
            "experts",
            version ->
                version.setExperts(
                    List.of(new Expert("a", "1"), new Expert("b", "2"), new Expert("a", "3")))),
        changed(
            "contextDim",
            version -> version.setFit(Fit.newBuilder(version.getFit()).setContextDim(0).build())),
        changed("intercept", version -> version.setIntercept(false)));
  }

  @ParameterizedTest(name = "{0} {index}")
  @MethodSource("changes")
  void shouldRefuseWhatAVersionCantSayOfItself(
      String field, Consumer<RouterVersion.Builder> change) {
    RouterVersion.Builder version = version();
    assertThat(Router.of(version.build(), WEIGHTS).version()).as("unchanged").isEqualTo(4);

    change.accept(version);

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> Router.of(version.build(), WEIGHTS))
        .withMessageContaining("demo version 4")
        .withMessageContaining(field);
  }

  @ParameterizedTest(name = "{0} {index}")
  @MethodSource("changes")
  void shouldGiveNobodyAVersionThatSaysSo(String field, Consumer<RouterVersion.Builder> change) {
    RouterVersion.Builder version = version();
    change.accept(version);
    RouterAssembler assembler = new RouterAssembler("demo", MessageFormat.singleObject(), 1 << 20);
    assembler.accept("part", Versions.part("demo", 4, 0, 1, WEIGHTS));

    Optional<RouterAssembler.Arrival> arrival =
        assembler.accept("version", Wire.encode(version.build()));

    assertThat(arrival)
        .containsInstanceOf(RouterAssembler.Arrival.Incomplete.class)
        .get()
        .asString()
        .contains(field);
  }

  @Test
  void shouldTakeAVersionThatWasTrained() {
    RouterVersion.Builder version = version();
    training(3, 1000, 1e-4, 0.01, 50_000).accept(version);

    assertThat(Router.of(version.build(), WEIGHTS).description().getTraining()).isPresent();
  }

  @Test
  void shouldTakeAPolicyOfAsManyExpertsAsThereAre() {
    RouterVersion.Builder version = version();
    policy(Versions.EXPERTS, 0.5, 0.95, 0, 0.3).accept(version);

    assertThat(Router.of(version.build(), WEIGHTS).description().getPolicy()).isPresent();
  }

  /** With everything that a solver says. */
  private static RouterVersion.Builder version() {
    RouterVersion.Builder version =
        RouterVersion.newBuilder(Versions.describe("demo", 4, 1, WEIGHTS));
    version.setDomains(List.of(new DomainTokens("novel", "novel", 10L, 1L)));
    version.setPolicy(new Policy(2, 1.0, 0.9, 0.0, 0.3));
    List<LayerSolution> layers = new ArrayList<>();
    for (int l = 0; l < Versions.LAYERS; l++) {
      layers.add(
          LayerSolution.newBuilder()
              .setLayer(l)
              .setResidual(1e-12)
              .setSmallestPivot(0.01)
              .setZeroColumns(List.of(0))
              .setSeparability(numbers(Versions.EXPERTS, 0.5))
              .setNorms(numbers(Versions.EXPERTS, 2))
              .setScoreSums(numbers(SQUARE, 1))
              .setScoreProducts(numbers(SQUARE, 1))
              .setEarlierScoreSums(numbers(SQUARE, 1))
              .build());
    }
    return version.setLayers(layers);
  }

  private static List<Double> numbers(int count, double value) {
    return new ArrayList<>(Collections.nCopies(count, value));
  }
}
