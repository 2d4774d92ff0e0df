package io.dume.inspector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import java.util.List;
import org.junit.jupiter.api.Test;

class InspectionTest {

  private static final List<Expert> EXPERTS = List.of(new Expert("a", "1"), new Expert("b", "2"));

  /**
   * Two experts of 100 tokens each whose scores are (1, 0) and (0, 1) in the mean, with a variance
   * of 1/4 in either direction: two standard deviations √2 apart.
   */
  private static final LayerSolution TOLD_APART =
      layer(List.of(100.0, 0.0, 0.0, 100.0), List.of(150.0, 0.0, 0.0, 150.0), List.of());

  @Test
  void shouldMeasureDistancesInStandardDeviations() {
    Inspection inspection = Inspection.of(version(1, 0, 100, TOLD_APART)).orElseThrow();

    Inspection.Layer layer = inspection.layers().get(0);
    assertThat(layer.distances()[0][1]).isCloseTo(2 * Math.sqrt(2), within(1e-9));
    assertThat(layer.distances()[0][0]).isZero();
    // One normal number of deviation √2/2 has to exceed a gap of 1: the upper tail beyond √2.
    assertThat(layer.missed(0)).isCloseTo(0.0786, within(0.01));
    assertThat(inspection.tokens()).containsExactly(100, 100);
  }

  @Test
  void shouldFindWhoseFreshTokensLieElsewhere() {
    RouterVersion earlier = version(1, 0, 100, TOLD_APART);
    // 50 fresh tokens of a that score like b's; as many of b that score as before.
    LayerSolution moved =
        layer(
            List.of(150.0, 0.0, 0.0, 150.0),
            List.of(225.0, 0.0, 0.0, 225.0),
            List.of(100.0, 0.0, 50.0, 150.0));
    RouterVersion now = version(3, 1, 150, moved);

    List<Inspection.Drift> drifts = Inspection.drift(earlier, now);

    assertThat(drifts).extracting(Inspection.Drift::expert).containsExactly("a", "b");
    Inspection.Drift a = drifts.get(0);
    assertThat(a.tokens()).isEqualTo(50);
    assertThat(a.earlier()).isEqualTo(1);
    assertThat(a.distance()).isCloseTo(2 * Math.sqrt(2), within(1e-9));
    assertThat(a.share()).as("all the way to b").isCloseTo(1, within(1e-9));
    assertThat(drifts.get(1).distance()).isCloseTo(0, within(1e-9));
  }

  @Test
  void shouldRaiseTheAlarmForTheVersionThatComparesWithTheLast() {
    DriftAlarm alarm = new DriftAlarm();
    LayerSolution moved = moved();

    assertThat(alarm.next(version(1, 0, 100, TOLD_APART))).isEmpty();
    assertThat(alarm.next(version(2, 1, 300, moved)))
        .extracting(Inspection.Drift::expert)
        .containsExactly("a");
    assertThat(alarm.next(version(4, 3, 300, moved))).as("version 3 was missed").isEmpty();
  }

  @Test
  void shouldRaiseTheAlarmAlsoWhereATrainedVersionCameInBetween() {
    DriftAlarm alarm = new DriftAlarm();
    alarm.next(version(1, 0, 100, TOLD_APART));
    RouterVersion trained =
        RouterVersion.newBuilder(version(2, 0, 100, TOLD_APART))
            .setLayers(List.of())
            .setTraining(new Training(1L, 1000, 1e-4, 0.0, 50_000L, 0L))
            .build();

    assertThat(alarm.next(trained)).isEmpty();
    assertThat(alarm.next(version(3, 1, 300, moved())))
        .extracting(Inspection.Drift::expert)
        .containsExactly("a");
  }

  @Test
  void shouldRaiseNoAlarmForSoFewTokensThatTheyMayLieAnywhere() {
    RouterVersion earlier = version(1, 0, 100, TOLD_APART);
    LayerSolution moved =
        layer(
            List.of(150.0, 0.0, 0.0, 150.0),
            List.of(225.0, 0.0, 0.0, 225.0),
            List.of(100.0, 0.0, 50.0, 150.0));

    Inspection.Drift few = Inspection.drift(earlier, version(2, 1, 150, moved)).get(0);

    assertThat(few.share()).isCloseTo(1, within(1e-9));
    assertThat(few.alarming()).isFalse();
  }

  @Test
  void shouldNotTakeWhatADomainTookWithItForFreshTokens() {
    RouterVersion earlier = version(1, 0, 100, TOLD_APART);
    RouterVersion shorter =
        RouterVersion.newBuilder(version(2, 1, 300, moved())).setExpertsVersion(2).build();

    assertThat(Inspection.drift(earlier, shorter)).isEmpty();
  }

  @Test
  void shouldLookForDriftOnlyWhereExpertsAreToldApart() {
    // Means (1, 0) and (0, 1) with a variance of 25: a quarter of a deviation apart.
    LayerSolution alike =
        layer(List.of(100.0, 0.0, 0.0, 100.0), List.of(5100.0, 0.0, 0.0, 5100.0), List.of());

    assertThat(Inspection.drift(version(1, 0, 100, alike), version(2, 1, 300, moved()))).isEmpty();
  }

  /** 200 fresh tokens of a that score like b's, by the gates of before; as many of b as before. */
  private static LayerSolution moved() {
    return layer(
        List.of(300.0, 0.0, 0.0, 300.0),
        List.of(450.0, 0.0, 0.0, 450.0),
        List.of(100.0, 0.0, 200.0, 300.0));
  }

  @Test
  void shouldNotCompareVersionsThatDoNotBelongTogether() {
    RouterVersion earlier = version(1, 0, 100, TOLD_APART);
    RouterVersion other = version(3, 2, 150, TOLD_APART);
    RouterVersion changed =
        RouterVersion.newBuilder(version(3, 1, 150, TOLD_APART))
            .setExperts(List.of(EXPERTS.get(1), EXPERTS.get(0)))
            .build();

    assertThat(Inspection.drift(earlier, other)).isEmpty();
    assertThat(Inspection.drift(earlier, changed)).isEmpty();
    assertThat(Inspection.drift(earlier, version(3, 1, 150, TOLD_APART)))
        .as("no scores by the earlier gates")
        .isEmpty();
  }

  @Test
  void shouldSayNothingOfAVersionThatDoesNotCarryItsScores() {
    LayerSolution silent = layer(List.of(), List.of(), List.of());

    assertThat(Inspection.of(version(1, 0, 100, silent))).isEmpty();
  }

  @Test
  void shouldSayNothingOfAVersionWhoseGatesWereTrained() {
    RouterVersion trained =
        RouterVersion.newBuilder(version(5, 1, 100, TOLD_APART))
            .setLayers(List.of())
            .setTraining(new Training(4L, 1000, 1e-4, 0.0, 50_000L, 0L))
            .build();

    assertThat(Inspection.of(trained)).isEmpty();
    assertThat(Inspection.drift(version(1, 0, 100, TOLD_APART), trained)).isEmpty();
  }

  @Test
  void shouldNotFailForScoresThatCanBeNoSums() {
    LayerSolution forged =
        layer(List.of(1e308, -1e308, 1e308, 1e308), List.of(1e308, 0.0, 0.0, 1.0), List.of());

    assertThat(Inspection.of(version(1, 0, 1, forged))).isEmpty();
    assertThat(Inspection.drift(version(1, 0, 100, forged), version(2, 1, 300, moved()))).isEmpty();
  }

  @Test
  void shouldNameThePairsThatNoLayerTellsApart() {
    // Means (1, 0) and (0, 1) with a variance of 25: a quarter of a deviation apart.
    LayerSolution alike =
        layer(List.of(100.0, 0.0, 0.0, 100.0), List.of(5100.0, 0.0, 0.0, 5100.0), List.of());
    RouterVersion near = version(1, 0, 100, alike);
    RouterVersion apartInOne =
        RouterVersion.newBuilder(near).setLayers(List.of(alike, TOLD_APART)).build();

    Inspection.Pair pair = Inspection.of(near).orElseThrow().pairs().get(0);
    Inspection.Pair apart = Inspection.of(apartInOne).orElseThrow().pairs().get(0);

    assertThat(pair.couldShare()).isTrue();
    assertThat(pair.distance()).isCloseTo(0.2 * Math.sqrt(2), within(1e-9));
    assertThat(apart.couldShare()).isFalse();
    assertThat(apart.layer()).isEqualTo(1);
  }

  private static LayerSolution layer(
      List<Double> sums, List<Double> products, List<Double> earlier) {
    return LayerSolution.newBuilder()
        .setLayer(0)
        .setResidual(0)
        .setSmallestPivot(1)
        .setZeroColumns(List.of())
        .setNorms(List.of(1.0, 1.0))
        .setScoreSums(sums)
        .setScoreProducts(products)
        .setEarlierScoreSums(earlier)
        .build();
  }

  private static RouterVersion version(
      long number, long earlier, long tokens, LayerSolution layer) {
    RouterVersion version =
        Versions.of(
            number,
            128,
            EXPERTS,
            List.of(
                new DomainTokens("a", "a", tokens - 10, 1L),
                new DomainTokens("a-too", "a", 10L, 1L),
                new DomainTokens("b", "b", tokens, 1L)));
    return RouterVersion.newBuilder(version)
        .setLayers(List.of(layer))
        .setEarlierVersion(earlier)
        .build();
  }
}
