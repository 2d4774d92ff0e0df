package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.router.Router;
import io.dume.router.RouterEvent;
import io.dume.router.RouterHistory;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.IncompatibleFitException;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.LambdaError;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.PolicyChosen;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.SolveProfileFixed;
import io.dume.schemas.wire.Wire;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Timeout(180)
class SolverIT {
  private static final Optional<Double> CONFIGURED = Optional.empty();

  private static EmbeddedBroker broker;
  private static int installations;

  @BeforeAll
  static void startBroker(@TempDir Path directory) {
    broker = EmbeddedBroker.start(EmbeddedBrokerConfig.in(directory));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  private static Installation installation() throws InterruptedException {
    return new Installation(broker.bootstrapServers(), "t" + ++installations + ".");
  }

  private static RouterVersion published(RouterEvent event) {
    assertThat(event).isInstanceOf(RouterEvent.Published.class);
    return ((RouterEvent.Published) event).version();
  }

  private static CutRefused refused(RouterEvent event) {
    assertThat(event).isInstanceOf(RouterEvent.Refused.class);
    return ((RouterEvent.Refused) event).refusal();
  }

  @Test
  void shouldPublishTheRouterThatADirectSolutionGives() throws Exception {
    try (Installation installation = installation();
        RouterHistory history =
            RouterHistory.open(installation.kafka, installation.topics, Installation.ROUTER)) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 1, 60, 70, 80);
      installation.start();

      installation.sendCut(statistics.cut(Installation.ROUTER, 7, List.of("ask"), CONFIGURED));
      installation.sendLayers(statistics, 7);

      RouterVersion version = published(installation.events(1).get(0));
      Router router = history.version(1).orElseThrow();
      for (int layer = 0; layer < FoldedStatistics.LAYERS; layer++) {
        assertGate(statistics.gate(layer, 0.01), router.weight(layer), router.bias(layer));
        assertThat(version.getLayers().get(layer).getResidual()).isBetween(0.0, 1e-12);
        assertThat(version.getLayers().get(layer).getSmallestPivot()).isPositive();
        assertThat(version.getLayers().get(layer).getSeparability())
            .hasSize(3)
            .allSatisfy(share -> assertThat(share).isBetween(0.1, 0.999));
      }
      assertThat(version.getVersion()).isEqualTo(1);
      assertThat(version.getCut()).isEqualTo(7);
      assertThat(version.getRequests()).containsExactly("ask");
      assertThat(version.getLambda()).isEqualTo(0.01);
      assertThat(version.getFactorisation()).isEqualTo("ejml");
      assertThat(version.getCoreType()).isEqualTo("portable");
      assertThat(version.getMixed()).isFalse();
      assertThat(version.getIntercept()).isTrue();
      assertThat(version.getFit()).isEqualTo(installation.fit);
      assertThat(version.getDomains())
          .containsExactly(
              new DomainTokens("novel", "novel", 60L, 60L),
              new DomainTokens("code", "code", 70L, 70L),
              new DomainTokens("math", "math", 80L, 80L));
      assertThat(version.getCreatedAt()).isEqualTo(Instant.ofEpochMilli(1_700_000_001_000L));
    }
  }

  @Test
  void shouldPublishWithoutAnInterceptWhatTheFeaturesAloneGive() throws Exception {
    try (Installation installation = installation();
        RouterHistory history =
            RouterHistory.open(installation.kafka, installation.topics, Installation.ROUTER)) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 1, 60, 70, 80);
      installation.start(config -> config.withIntercept(false));

      installation.sendCut(statistics.cut(Installation.ROUTER, 7, List.of("ask"), CONFIGURED));
      installation.sendLayers(statistics, 7);

      RouterVersion version = published(installation.events(1).get(0));
      assertThat(version.getIntercept()).isFalse();
      Router router = history.version(1).orElseThrow();
      for (int layer = 0; layer < FoldedStatistics.LAYERS; layer++) {
        assertGate(
            statistics.gateOfFeatures(layer, 0.01), router.weight(layer), router.bias(layer));
      }
    }
  }

  private static void assertGate(double[][] expected, float[] weight, float[] bias) {
    for (int expert = 0; expert < expected.length; expert++) {
      for (int i = 0; i < FoldedStatistics.WIDTH; i++) {
        assertThat((double) weight[expert * FoldedStatistics.WIDTH + i])
            .isCloseTo(expected[expert][i], within(1e-6));
      }
      assertThat((double) bias[expert])
          .isCloseTo(expected[expert][FoldedStatistics.WIDTH], within(1e-6));
    }
  }

  @Test
  void shouldUseTheRequestedLambda() throws Exception {
    try (Installation installation = installation();
        RouterHistory history =
            RouterHistory.open(installation.kafka, installation.topics, Installation.ROUTER)) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 2, 30, 40, 50);
      installation.start();

      installation.sendCut(
          statistics.cut(Installation.ROUTER, 1, List.of("ask"), Optional.of(250.0)));
      installation.sendLayers(statistics, 1);

      assertThat(published(installation.events(1).get(0)).getLambda()).isEqualTo(250);
      Router router = history.newest().orElseThrow();
      assertGate(statistics.gate(0, 250), router.weight(0), router.bias(0));
    }
  }

  @Test
  void shouldCarryThePolicyThatIsPossibleWhateverElseStandsInTheLog() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 31, 40, 40, 40);
      Policy possible = new Policy(900, 0.5, 0.9, 0.0, 1.0);
      List<Policy> log =
          List.of(
              possible,
              new Policy(1, Double.NaN, 0.0, 0.0, 0.0),
              new Policy(Integer.MAX_VALUE, 1.0, 0.0, 0.0, 0.0),
              new Policy(1, 1.0, 1.0, 0.0, 0.0),
              new Policy(1, 1.0, 0.0, -1.0, Double.POSITIVE_INFINITY));
      for (Policy policy : log) {
        installation.append(new PolicyChosen(Installation.ROUTER, policy, "by nobody"));
      }
      Installation.Running solver = installation.start();

      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 1);

      assertThat(published(installation.events(1).get(0)).getPolicy())
          .as("with as many experts as there are")
          .contains(Policy.newBuilder(possible).setTopK(3).build());
      assertThat(solver.ended()).isNotDone();
    }
  }

  @Test
  void shouldGiveTheSameWeightsWithAnyNumberOfThreads() throws Exception {
    try (Installation one = installation();
        Installation other = installation()) {
      for (Installation installation : List.of(one, other)) {
        FoldedStatistics statistics = new FoldedStatistics(installation.fit, 3, 40, 40, 40);
        installation.start(config -> config.withThreads(installation == one ? 1 : 4));
        installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
        installation.sendLayers(statistics, 1);
      }

      RouterVersion first = published(one.events(1).get(0));
      RouterVersion second = published(other.events(1).get(0));

      assertThat(second.getSha256()).isEqualTo(first.getSha256());
    }
  }

  @Test
  void shouldRefuseACutWhileAnExpertHasNoTokensAndNameIt() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 4, 40, 0, 40);
      installation.start();

      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of("ask"), CONFIGURED));

      CutRefused refusal = refused(installation.events(1).get(0));
      assertThat(refusal.getReason()).contains("no tokens yet for expert code");
      assertThat(refusal.getRequests()).containsExactly("ask");
    }
  }

  @Test
  void shouldRefuseALayerThatIsNotPositiveDefiniteAndGoOn() throws Exception {
    try (Installation installation = installation()) {
      // Fewer tokens than n, and no penalty: the Gram matrix is singular.
      FoldedStatistics few = new FoldedStatistics(installation.fit, 5, 2, 2, 2);
      FoldedStatistics enough = new FoldedStatistics(installation.fit, 5, 40, 40, 40);
      installation.start();

      installation.sendCut(few.cut(Installation.ROUTER, 1, List.of("ask"), Optional.of(0.0)));
      installation.sendLayers(few, 1);
      installation.sendCut(enough.cut(Installation.ROUTER, 2, List.of(), CONFIGURED));
      installation.sendLayers(enough, 2);

      List<RouterEvent> events = installation.events(2);
      assertThat(refused(events.get(0)).getReason())
          .contains("layer ")
          .contains("not positive definite with λ = 0.0")
          .contains("pivot ");
      assertThat(published(events.get(1)).getVersion()).isEqualTo(1);
    }
  }

  @Test
  void shouldRefuseACutOfWhichALayerFailed() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 6, 40, 40, 40);
      installation.start();

      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
      installation.sendLayer(0, statistics.layer(1, 0));
      installation.sendLayer(
          1, List.of(new LayerFailed(1L, installation.fit.getId(), 1, "digest mismatch")));
      installation.sendLayer(2, statistics.layer(1, 2));

      assertThat(refused(installation.events(1).get(0)).getReason())
          .isEqualTo("layer 1: digest mismatch");
    }
  }

  @Test
  void shouldRefuseCutsOfAFitThatWasStopped() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 7, 40, 40, 40);
      installation.append(new FitFailed(installation.fit.getId(), "a gap in partition 0"));
      installation.start();

      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));

      assertThat(refused(installation.events(1).get(0)).getReason())
          .isEqualTo("the fit was stopped: a gap in partition 0");
    }
  }

  @Test
  void shouldRefuseACutWithAnotherShapeThanItsFit() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 8, 40, 40, 40);
      Cut cut = statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED);
      installation.start();

      installation.sendCut(Cut.newBuilder(cut).setWidth(Integer.MAX_VALUE).build());

      assertThat(refused(installation.events(1).get(0)).getReason())
          .contains("shape is not that of its fit");
    }
  }

  @Test
  void shouldRefuseACutWhoseStatisticsDoNotCome() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 9, 40, 40, 40);
      installation.start(config -> config.withStatisticsTimeout(Duration.ofSeconds(1)));

      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of("ask"), CONFIGURED));

      assertThat(refused(installation.events(1).get(0)).getReason())
          .contains("did not arrive within PT1S");
    }
  }

  @Test
  void shouldRefuseACutWhoseStatisticsAreGone() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 10, 40, 40, 40);
      installation.start();

      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of("ask"), CONFIGURED));
      installation.sendCut(statistics.cut(Installation.ROUTER, 2, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 2);

      List<RouterEvent> events = installation.events(2);
      assertThat(refused(events.get(0)).getReason()).contains("no longer in");
      assertThat(published(events.get(1)).getCut()).isEqualTo(2);
    }
  }

  @Test
  void shouldSetStatisticsOfCutsThatNeverWereAsideAndGoOn() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 22, 40, 40, 40);
      installation.start();
      for (int layer = 0; layer < FoldedStatistics.LAYERS; layer++) {
        installation.sendLayer(layer, statistics.layer(Long.MAX_VALUE, layer).subList(0, 1));
      }

      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of("ask"), CONFIGURED));
      installation.sendLayers(statistics, 1);

      assertThat(published(installation.events(1).get(0)).getCut()).isEqualTo(1);
      assertThat(installation.deadLetters(FoldedStatistics.LAYERS))
          .hasSize(FoldedStatistics.LAYERS)
          .allSatisfy(letter -> assertThat(letter.getDetail()).contains("never was"));
    }
  }

  @Test
  void shouldPassOverAutomaticCutsForANewerOneButNeverARequest() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 11, 40, 40, 40);
      List<List<String>> requests =
          List.of(List.of(), List.of(), List.of("ask"), List.of(), List.of());
      for (int cut = 1; cut <= requests.size(); cut++) {
        installation.sendCut(
            statistics.cut(Installation.ROUTER, cut, requests.get(cut - 1), CONFIGURED));
        installation.sendLayers(statistics, cut);
      }

      installation.start();

      assertThat(installation.events(2))
          .extracting(event -> published(event).getCut())
          .containsExactly(3L, 5L);
    }
  }

  @Test
  void shouldNotPassOverAnAutomaticCutForANewerOneOfAnotherFit() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 24, 40, 40, 40);
      Fit candidate = FoldedStatistics.fit("candidate of " + installation.topics.prefix());
      FoldedStatistics replayed = new FoldedStatistics(candidate, 25, 40, 40, 40);
      installation.create(candidate, true);
      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 1);
      installation.sendCut(replayed.cut(Installation.ROUTER, 5, List.of(), CONFIGURED));
      installation.sendLayers(replayed, 5);
      installation.sendCut(replayed.cut(Installation.ROUTER, 6, List.of("ask"), CONFIGURED));

      installation.start();

      List<RouterEvent> events = installation.events(2);
      assertThat(published(events.get(0)).getCut()).isEqualTo(1);
      assertThat(published(events.get(0)).getFit()).isEqualTo(installation.fit);
      assertThat(refused(events.get(1)).getCut()).isEqualTo(6);
      assertThat(refused(events.get(1)).getReason()).contains("before it is promoted");
    }
  }

  @Test
  void shouldMoveOverToAPromotedFitWithTheNextNumberAndLeaveLateCutsOfTheOldOne() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics old = new FoldedStatistics(installation.fit, 26, 40, 40, 40);
      Fit replay = FoldedStatistics.fit("replay of " + installation.topics.prefix());
      FoldedStatistics replayed = new FoldedStatistics(replay, 27, 50, 50, 50);
      installation.start();
      installation.sendCut(old.cut(Installation.ROUTER, 8, List.of(), CONFIGURED));
      installation.sendLayers(old, 8);
      installation.events(1);
      installation.create(replay, true);

      installation.append(new FitPromoted(Installation.ROUTER, replay.getId(), "move", List.of()));
      installation.sendCut(old.cut(Installation.ROUTER, 9, List.of(), CONFIGURED));
      installation.sendLayers(old, 9);
      installation.sendCut(old.cut(Installation.ROUTER, 10, List.of("late"), CONFIGURED));
      installation.sendLayers(old, 10);
      installation.sendCut(replayed.cut(Installation.ROUTER, 1, List.of("move"), CONFIGURED));
      installation.sendLayers(replayed, 1);

      List<RouterEvent> events = installation.events(3);
      assertThat(published(events.get(0)).getCut()).isEqualTo(8);
      CutRefused late = refused(events.get(1));
      assertThat(late.getRequests()).containsExactly("late");
      assertThat(late.getReason()).contains("the fit was retired").contains("ask again");
      RouterVersion moved = published(events.get(2));
      assertThat(moved.getVersion()).isEqualTo(2);
      assertThat(moved.getFit()).isEqualTo(replay);
      assertThat(moved.getRequests()).containsExactly("move");
      assertThat(events).hasSize(3);
    }
  }

  @Test
  void shouldRefuseACutWhoseFitIsRetiredWhileItsStatisticsAreAwaited() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics old = new FoldedStatistics(installation.fit, 31, 40, 40, 40);
      Fit replay = FoldedStatistics.fit("replay of " + installation.topics.prefix());
      installation.create(replay, true);
      installation.start();
      installation.sendCut(old.cut(Installation.ROUTER, 1, List.of("ask"), CONFIGURED));
      await().until(() -> profile(installation).isPresent());

      installation.append(new FitPromoted(Installation.ROUTER, replay.getId(), "move", List.of()));

      CutRefused refusal = refused(installation.events(1).get(0));
      assertThat(refusal.getReason()).contains("the fit was retired");
      assertThat(refusal.getRequests()).containsExactly("ask");
    }
  }

  @Test
  void shouldChooseLambdaByTheHeldOutTokens() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics =
          new FoldedStatistics(
              installation.fit, 28, new long[] {20, 25, 30}, new long[] {12, 0, 14});
      installation.start(config -> config.withLambda(LambdaChoice.AUTO));

      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 1);

      RouterVersion version = published(installation.events(1).get(0));
      assertThat(version.getAutoLambda()).isTrue();
      assertThat(version.getLambdaCurve()).hasSize(LambdaChoice.Auto.CANDIDATES.size());
      assertThat(version.getLambdaCurve())
          .allSatisfy(
              point ->
                  assertThat(point.getError())
                      .isCloseTo(statistics.error(point.getLambda()), within(1e-7)));
      assertThat(version.getLambda())
          .isEqualTo(
              version.getLambdaCurve().stream()
                  .min(Comparator.comparing(LambdaError::getError))
                  .orElseThrow()
                  .getLambda());
      assertThat(version.getHeldOut())
          .containsExactly(
              new DomainTokens("novel", "novel", 12L, 12L),
              new DomainTokens("math", "math", 14L, 14L));
      installation.sendCut(
          statistics.cut(Installation.ROUTER, 2, List.of("ask"), Optional.of(version.getLambda())));
      installation.sendLayers(statistics, 2);
      RouterVersion given = published(installation.events(2).get(1));
      assertThat(given.getSha256()).isEqualTo(version.getSha256());
      assertThat(version.getEarlierVersion()).isZero();
      assertThat(given.getEarlierVersion()).isEqualTo(version.getVersion());
      for (int l = 0; l < version.getLayers().size(); l++) {
        LayerSolution layer = given.getLayers().get(l);
        List<Double> sums = layer.getScoreSums();
        for (int i = 0; i < sums.size(); i++) {
          assertThat(layer.getEarlierScoreSums().get(i))
              .as("the same tokens by the same gates, but in float32")
              .isCloseTo(sums.get(i), within(1e-5));
        }
        assertThat(LayerSolution.newBuilder(layer).setEarlierScoreSums(List.of()).build())
            .isEqualTo(version.getLayers().get(l));
      }
      assertThat(given.getAutoLambda()).isFalse();
      assertThat(given.getLambdaCurve()).isEmpty();
    }
  }

  @Test
  void shouldChooseTheSameLambdaWithAnyNumberOfThreads() throws Exception {
    try (Installation one = installation();
        Installation other = installation()) {
      for (Installation installation : List.of(one, other)) {
        FoldedStatistics statistics =
            new FoldedStatistics(
                installation.fit, 29, new long[] {30, 30, 30}, new long[] {9, 9, 9});
        installation.start(config -> config.withThreads(installation == one ? 1 : 4));
        installation.sendCut(
            Cut.newBuilder(statistics.cut(Installation.ROUTER, 1, List.of("ask"), CONFIGURED))
                .setAutoLambda(true)
                .build());
        installation.sendLayers(statistics, 1);
      }

      RouterVersion first = published(one.events(1).get(0));
      RouterVersion second = published(other.events(1).get(0));

      assertThat(first.getLambdaCurve()).isNotEmpty();
      assertThat(second.getLambdaCurve()).isEqualTo(first.getLambdaCurve());
      assertThat(second.getSha256()).isEqualTo(first.getSha256());
    }
  }

  @Test
  void shouldRefuseToChooseLambdaWhereNothingIsHeldOutAndSayWhatToDo() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 30, 40, 40, 40);
      installation.start(config -> config.withLambda(LambdaChoice.AUTO));

      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of("ask"), CONFIGURED));

      assertThat(refused(installation.events(1).get(0)).getReason()).contains("--held-out");
    }
  }

  @Test
  void shouldTakeItsPlaceBackAtOnceWhereItWasKilledAndHasAName() throws Exception {
    try (Installation installation = installation();
        CutSubscription killed =
            new CutSubscription(installation.config().withInstance("solver-1"))) {
      await()
          .until(
              () -> {
                killed.poll(Duration.ofMillis(100));
                return killed.assigned();
              });

      Installation.Running restarted =
          installation.start(config -> config.withInstance("solver-1"));

      // A solver without a name would wait for the session timeout of 15 s.
      await().atMost(Duration.ofSeconds(10)).until(restarted.solver()::active);
      assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(() -> pollUntilFenced(killed))
          .withMessageContaining("another solver was started as instance solver-1");
      assertThat(restarted.ended()).isNotDone();
    }
  }

  private static void pollUntilFenced(CutSubscription subscription) {
    for (int poll = 0; poll < 200; poll++) {
      subscription.poll(Duration.ofMillis(100));
    }
  }

  @Test
  void shouldMakeWayForAStandbyAtOnceWhereItHasANameAndIsStopped() throws Exception {
    try (Installation installation = installation()) {
      Installation.Running first = installation.start(config -> config.withInstance("one"));
      await().until(first.solver()::active);
      Installation.Running second = installation.start(config -> config.withInstance("two"));

      first.solver().close();

      await().atMost(Duration.ofSeconds(10)).until(second.solver()::active);
      assertThat(first.ended()).isCompleted();
    }
  }

  @Test
  void shouldSetGarbageAsideWholeAndGoOn() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 12, 40, 40, 40);
      byte[] garbage = "no message".getBytes(StandardCharsets.UTF_8);
      installation.send(installation.topics.cuts(), 0, List.of(garbage));
      installation.send(installation.topics.layerStatistics(), 0, List.of(garbage));
      installation.start();

      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 1);

      assertThat(published(installation.events(1).get(0)).getVersion()).isEqualTo(1);
      assertThat(installation.deadLetters(2))
          .hasSize(2)
          .allSatisfy(
              letter -> {
                assertThat(letter.getReason()).isEqualTo("malformed-message");
                assertThat(letter.getService()).isEqualTo("solver");
                assertThat(letter.getValue())
                    .hasValueSatisfying(value -> assertThat(value.array()).isEqualTo(garbage));
              })
          .extracting(DeadLetter::getTopic)
          .containsExactlyInAnyOrder(
              installation.topics.cuts(), installation.topics.layerStatistics());
    }
  }

  @Test
  void shouldPublishWhatIsSetAsideDuringACutWhenItIsTooMuchToKeep() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 23, 40, 40, 40);
      byte[] garbage = new byte[6 << 20];
      Installation.Running first = installation.start();
      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 1);
      installation.events(1);

      installation.sendCut(statistics.cut(Installation.ROUTER, 2, List.of(), CONFIGURED));
      for (int partition = 0; partition < FoldedStatistics.PARTITIONS; partition++) {
        for (int i = 0; i < 6; i++) {
          installation.send(installation.topics.layerStatistics(), partition, List.of(garbage));
        }
      }

      // No layer of cut 2 has come, so nothing else was published.
      assertThat(installation.deadLetters(6)).hasSizeGreaterThanOrEqualTo(6);
      assertThat(installation.events(1)).hasSize(1);
      first.solver().close();
      installation.start();
      installation.sendLayers(statistics, 2);
      assertThat(published(installation.events(2).get(1)).getCut()).isEqualTo(2);
    }
  }

  @Test
  void shouldLeaveOtherRoutersCutsAlone() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 13, 40, 40, 40);
      installation.start();

      installation.sendCut(statistics.cut("another", 1, List.of("ask"), CONFIGURED));
      installation.sendCut(statistics.cut(Installation.ROUTER, 2, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 2);

      assertThat(installation.events(1))
          .extracting(event -> published(event).getCut())
          .containsExactly(2L);
    }
  }

  @Test
  void shouldLetTheStandbyGoOnWithTheNextNumber() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 14, 40, 40, 40);
      Installation.Running first = installation.start();
      await().until(first.solver()::active);
      // Of another setting, which nobody may notice before it takes over.
      Installation.Running second = installation.start(config -> config.withIntercept(false));
      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 1);
      installation.events(1);
      boolean stoodBy = !second.solver().active();
      ListAppender<ILoggingEvent> log = new ListAppender<>();
      log.start();
      Logger logger = (Logger) LoggerFactory.getLogger(Solver.class);
      logger.addAppender(log);

      first.solver().close();
      installation.sendCut(statistics.cut(Installation.ROUTER, 2, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 2);

      List<RouterEvent> events = installation.events(2);
      assertThat(stoodBy).isTrue();
      assertThat(second.solver().active()).isTrue();
      assertThat(events).extracting(event -> published(event).getVersion()).containsExactly(1L, 2L);
      assertThat(events).extracting(event -> published(event).getCut()).containsExactly(1L, 2L);
      logger.detachAppender(log);
      assertThat(log.list)
          .filteredOn(event -> event.getLevel() == Level.WARN)
          .extracting(ILoggingEvent::getFormattedMessage)
          .anyMatch(
              message ->
                  message.contains("version 1 was solved with an intercept")
                      && message.contains("solves without"));
    }
  }

  @Test
  void shouldKeepCountingAfterARestartAndNotSolveACutAgain() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 15, 40, 40, 40);
      Installation.Running first = installation.start();
      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of("one"), CONFIGURED));
      installation.sendLayers(statistics, 1);
      installation.events(1);
      first.solver().close();

      installation.start();
      installation.sendCut(statistics.cut(Installation.ROUTER, 2, List.of("two"), CONFIGURED));
      installation.sendLayers(statistics, 2);

      List<RouterEvent> events = installation.events(2);
      assertThat(events)
          .extracting(event -> published(event).getVersion() + " " + published(event).getRequests())
          .containsExactly("1 [one]", "2 [two]");
      // The same tokens by the gates of before the restart: only these are in float32.
      RouterVersion version = published(events.get(1));
      assertThat(version.getEarlierVersion()).isEqualTo(1);
      for (LayerSolution layer : version.getLayers()) {
        assertThat(layer.getEarlierScoreSums()).hasSameSizeAs(layer.getScoreSums()).isNotEmpty();
        for (int i = 0; i < layer.getScoreSums().size(); i++) {
          assertThat(layer.getEarlierScoreSums().get(i))
              .isCloseTo(layer.getScoreSums().get(i), within(1e-5));
        }
      }
    }
  }

  @Test
  void shouldKeepCountingWhereForgedVersionsHideTheLastNumber() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 21, 40, 40, 40);
      RouterVersion first = solveAlone(installation, statistics, 1);
      sendVersions(installation, first, 70);
      RouterVersion second = solveAlone(installation, statistics, 2);
      sendVersions(installation, first, Long.MAX_VALUE, -5, 1, 2, 3, 4, 5, 6, 7, 8, 9);

      RouterVersion third = solveAlone(installation, statistics, 3);

      assertThat(second.getVersion()).isEqualTo(71);
      assertThat(third.getVersion()).isEqualTo(72);
    }
  }

  private static RouterVersion solveAlone(
      Installation installation, FoldedStatistics statistics, int cut) {
    Installation.Running running = installation.start();
    installation.sendCut(statistics.cut(Installation.ROUTER, cut, List.of(), CONFIGURED));
    installation.sendLayers(statistics, cut);
    RouterVersion version = published(installation.events(cut).get(cut - 1));
    running.solver().close();
    return version;
  }

  private static void sendVersions(
      Installation installation, RouterVersion template, long... numbers) {
    for (long number : numbers) {
      RouterVersion forged = RouterVersion.newBuilder(template).setVersion(number).build();
      installation.send(installation.topics.routerVersions(), 0, List.of(Wire.encode(forged)));
    }
  }

  @Test
  void shouldLeaveACutThatItWasStoppedInToTheNextSolver() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 16, 40, 40, 40);
      Installation.Running first = installation.start();
      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
      installation.sendLayer(0, statistics.layer(1, 0));
      await().until(() -> profile(installation).isPresent());
      first.solver().close();

      installation.start();
      installation.sendLayer(1, statistics.layer(1, 1));
      installation.sendLayer(2, statistics.layer(1, 2));

      assertThat(first.ended()).isCompleted();
      assertThat(installation.events(1))
          .extracting(event -> published(event).getVersion())
          .containsExactly(1L);
    }
  }

  @Test
  void shouldRefuseToPublishOnceAnotherTookOver() throws Exception {
    try (Installation installation = installation();
        Publisher old = Publisher.takeOver(installation.config());
        Publisher current = Publisher.takeOver(installation.config());
        CutSubscription group = new CutSubscription(installation.config())) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 17, 40, 0, 40);
      Cut cut = statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED);

      assertThatExceptionOfType(AbandonedException.class)
          .isThrownBy(
              () ->
                  old.publish(
                      List.of(RouterMessages.refusal(cut, "stale", Instant.EPOCH)),
                      List.of(),
                      Map.of(group.partition(), 1L),
                      group.groupMetadata()));
      assertThat(current.nextVersion()).isEqualTo(1);
      assertThat(installation.events(0)).isEmpty();
    }
  }

  private static Optional<SolveProfileFixed> profile(Installation installation) {
    try (ControlLog control = new ControlLog(installation.kafka, installation.topics)) {
      return control.state().solveProfile(installation.fit.getId());
    }
  }

  @Test
  void shouldRefuseToSolveInAnotherProfileThanTheFitsUnlessToldTo() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 18, 40, 40, 40);
      installation.append(new SolveProfileFixed(installation.fit.getId(), "openblas", "PENTIUM4"));
      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 1);

      Installation.Running strict = installation.start();

      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(() -> strict.ended().get(60, TimeUnit.SECONDS))
          .withCauseInstanceOf(IncompatibleFitException.class)
          .withMessageContaining("openblas (PENTIUM4)")
          .withMessageContaining("ejml (portable)");
      installation.start(config -> config.withMixed(true));
      RouterVersion version = published(installation.events(1).get(0));
      assertThat(version.getMixed()).isTrue();
      assertThat(version.getFactorisation()).isEqualTo("ejml");
    }
  }

  @Test
  void shouldSolveWithOpenBlasWhenToldToAndFixThatForTheFit() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 19, 40, 40, 40);
      installation.start(config -> config.withFactorisation(FactorisationChoice.OPENBLAS));

      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 1);

      RouterVersion version = published(installation.events(1).get(0));
      assertThat(version.getFactorisation()).isEqualTo("openblas");
      assertThat(profile(installation))
          .hasValueSatisfying(
              fixed -> assertThat(fixed.getCoreType()).isEqualTo(version.getCoreType()));
    }
  }

  @Test
  void shouldSayWhichTopicIsMissing() {
    Solver solver =
        new Solver(
            SolverConfig.defaults(KafkaSettings.of(broker.bootstrapServers())), Clock.systemUTC());

    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(solver::run)
        .withMessageContaining("topic dume.control does not exist");
  }

  @Test
  void shouldReadTheStatisticsOfACutAgain() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = new FoldedStatistics(installation.fit, 20, 30, 40, 50);
      installation.sendCut(statistics.cut(Installation.ROUTER, 1, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 1);
      installation.sendCut(statistics.cut(Installation.ROUTER, 2, List.of(), CONFIGURED));
      installation.sendLayers(statistics, 2);
      Map<Integer, LayerStatistics> layers = new HashMap<>();

      Cut cut =
          new CutStatistics(installation.kafka, installation.topics)
              .read(
                  installation.fit.getId(),
                  2,
                  Duration.ofSeconds(30),
                  layer -> layers.put(layer.layer(), layer));

      assertThat(cut.getCut()).isEqualTo(2);
      assertThat(layers).hasSize(FoldedStatistics.LAYERS);
      layers.forEach(
          (layer, read) -> {
            assertThat(read.a()).isEqualTo(statistics.a(layer));
            assertThat(read.b()).isEqualTo(statistics.b(layer));
          });
    }
  }

  @Test
  void shouldSayWhichCutIsNotThere() throws Exception {
    try (Installation installation = installation()) {
      CutStatistics reader = new CutStatistics(installation.kafka, installation.topics);

      assertThatExceptionOfType(CutUnavailableException.class)
          .isThrownBy(
              () -> reader.read(installation.fit.getId(), 3, Duration.ofSeconds(5), layer -> {}))
          .withMessageContaining("cut 3");
    }
  }
}
