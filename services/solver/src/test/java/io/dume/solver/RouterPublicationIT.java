package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.router.Router;
import io.dume.router.RouterEvent;
import io.dume.router.RouterHistory;
import io.dume.router.RouterSubscription;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import io.dume.schemas.wire.Wire;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class RouterPublicationIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Instant NOW = Instant.ofEpochMilli(1_700_000_002_000L);
  private static final Policy REMEMBERING = new Policy(1, 1.0, 0.9, 0.0, 0.0);

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
    return new Installation(broker.bootstrapServers(), "p" + ++installations + ".");
  }

  private static FoldedStatistics statistics(Installation installation) {
    return new FoldedStatistics(installation.fit, installations, 40, 40, 40);
  }

  private static RouterPublication publication(Installation installation) {
    return new RouterPublication(installation.config(), Clock.fixed(NOW, ZoneOffset.UTC));
  }

  private static void solve(Installation installation, FoldedStatistics statistics, long cut) {
    installation.sendCut(
        statistics.cut(Installation.ROUTER, cut, List.of("ask " + cut), Optional.empty()));
    installation.sendLayers(statistics, cut);
  }

  private static TrainedGates gates(RouterVersion start, float value) {
    return gates(start.getVersion(), start.getSha256(), value);
  }

  private static TrainedGates gates(long start, String startSha256, float value) {
    int experts = FoldedStatistics.EXPERTS.size();
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int layer = 0; layer < FoldedStatistics.LAYERS; layer++) {
      weights.add(filled(experts * FoldedStatistics.WIDTH, value + layer));
      biases.add(filled(experts, -value - layer));
    }
    return new TrainedGates(
        "backbone",
        FoldedStatistics.experts(),
        weights,
        biases,
        new Training(start, 1000, 1e-4, 0.01, 50_000L, 7L),
        startSha256,
        Optional.of(REMEMBERING));
  }

  private static float[] filled(int length, float value) {
    float[] values = new float[length];
    Arrays.fill(values, value);
    return values;
  }

  private static List<String> summary(List<RouterEvent> events) {
    return events.stream()
        .map(event -> ((RouterEvent.Published) event).version())
        .map(v -> v.getVersion() + " " + v.getReason() + " of cut " + v.getCut())
        .toList();
  }

  @Test
  void shouldPublishTheNextVersionWhileASolverRunsThatThenGoesOn() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = statistics(installation);
      Installation.Running solver = installation.start();
      solve(installation, statistics, 1);
      RouterVersion start = ((RouterEvent.Published) installation.events(1).get(0)).version();
      try (RouterSubscription subscription =
          RouterSubscription.open(installation.kafka, installation.topics, Installation.ROUTER)) {
        subscription.next(SOON);

        RouterVersion version = publication(installation).publish(gates(start, 0.5f));

        Router received = subscription.next(SOON).orElseThrow();
        assertThat(received.description()).isEqualTo(version);
        assertThat(received.weight(2)).hasSize(60).containsOnly(2.5f);
        assertThat(received.bias(1)).hasSize(3).containsOnly(-1.5f);
        assertThat(version)
            .isEqualTo(
                RouterVersion.newBuilder(start)
                    .setVersion(2)
                    .setReason("trained")
                    .setRequests(List.of())
                    .setLayers(List.of())
                    .setTraining(new Training(1L, 1000, 1e-4, 0.01, 50_000L, 7L))
                    .setPolicy(REMEMBERING)
                    .setCreatedAt(NOW)
                    .setSha256(version.getSha256())
                    .build());
      }
      solve(installation, statistics, 2);
      List<RouterEvent> events = installation.events(3);
      assertThat(summary(events))
          .containsExactly("1 demand of cut 1", "2 trained of cut 1", "3 demand of cut 2");
      RouterVersion solved = ((RouterEvent.Published) events.get(2)).version();
      assertThat(solved.getTraining()).isEmpty();
      assertThat(solved.getEarlierVersion()).as("compared with what was solved").isEqualTo(1);
      assertThat(solver.ended()).isNotDone();
    }
  }

  @Test
  void shouldLetASolverFinishTheCutThatItWasIn() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = statistics(installation);
      RouterVersion start = sendStart(installation);
      Installation.Running solver = installation.start();
      installation.sendCut(
          statistics.cut(Installation.ROUTER, 1, List.of("ask"), Optional.empty()));
      installation.sendLayer(0, statistics.layer(1, 0));
      await().until(() -> isSolving(installation));

      publication(installation).publish(gates(start, 0.5f));
      installation.sendLayer(1, statistics.layer(1, 1));
      installation.sendLayer(2, statistics.layer(1, 2));

      List<RouterEvent> events = installation.events(3);
      assertThat(summary(events))
          .containsExactly("1 demand of cut 0", "2 trained of cut 0", "3 demand of cut 1");
      assertThat(((RouterEvent.Published) events.get(2)).version().getRequests())
          .containsExactly("ask");
      assertThat(solver.ended()).isNotDone();
    }
  }

  /** What a solver writes that has begun with the first cut of a fit. */
  private static boolean isSolving(Installation installation) {
    try (ControlLog control = new ControlLog(installation.kafka, installation.topics)) {
      return control.state().solveProfile(installation.fit.getId()).isPresent();
    }
  }

  /** A version that no solver has worked on yet. */
  private static RouterVersion sendStart(Installation installation) {
    int experts = FoldedStatistics.EXPERTS.size();
    RouterVersion template =
        RouterVersion.newBuilder()
            .setRouter(Installation.ROUTER)
            .setVersion(1)
            .setFit(installation.fit)
            .setCut(0)
            .setRequests(List.of())
            .setReason("demand")
            .setSequence(1)
            .setExpertsVersion(1)
            .setExperts(FoldedStatistics.experts())
            .setDomains(List.of())
            .setRanges(List.of())
            .setSetAside(0)
            .setLambda(0.01)
            .setFactorisation("ejml")
            .setCoreType("portable")
            .setMixed(false)
            .setLayers(List.of())
            .setCreatedAt(Instant.EPOCH)
            .setParts(1)
            .setWeightBytes(experts * (FoldedStatistics.WIDTH + 1L))
            .setSha256("")
            .build();
    List<byte[]> records = new ArrayList<>();
    RouterVersion start = template;
    for (RouterMessages.Keyed keyed :
        RouterMessages.trained(template, gates(template, 1), 1, 1 << 20, Instant.EPOCH)) {
      if (keyed.message() instanceof RouterVersion version) {
        start = RouterVersion.newBuilder(version).setReason("demand").setTraining(null).build();
        records.add(Wire.encode(start));
      } else {
        records.add(Wire.encode(keyed.message()));
      }
    }
    installation.send(installation.topics.routerVersions(), 0, records);
    return start;
  }

  @Test
  void shouldLeaveNothingBehindAndTheSolverAliveWhereItIsKilledBeforeItCommits() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = statistics(installation);
      Installation.Running solver = installation.start();
      solve(installation, statistics, 1);
      RouterVersion start = ((RouterEvent.Published) installation.events(1).get(0)).version();

      publishAndDie(installation, start);
      solve(installation, statistics, 2);

      assertThat(summary(installation.events(2)))
          .containsExactly("1 demand of cut 1", "2 demand of cut 2");
      assertThat(solver.ended()).isNotDone();
    }
  }

  /** Fences the solver, sends the whole version, and is gone. */
  private static void publishAndDie(Installation installation, RouterVersion start)
      throws Exception {
    var properties =
        installation.kafka.producer(
            Map.of("transactional.id", Publisher.clientId(installation.config())));
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      for (RouterMessages.Keyed keyed :
          RouterMessages.trained(start, gates(start, 0.5f), 2, 1 << 20, NOW)) {
        producer
            .send(
                new ProducerRecord<>(
                    installation.topics.routerVersions(),
                    0,
                    keyed.key(),
                    Wire.encode(keyed.message())))
            .get();
      }
      // In order, it would abort the transaction.
      producer.close(Duration.ZERO);
    }
  }

  @Test
  void shouldChangeNothingAndFenceNobodyWhereTheNewestVersionHasTheGatesAlready() throws Exception {
    try (Installation installation = installation()) {
      RouterVersion start = sendStart(installation);
      RouterVersion once = publication(installation).publish(gates(start, 0.5f));
      try (Publisher solver = Publisher.takeOver(installation.config());
          CutSubscription group = new CutSubscription(installation.config())) {

        RouterVersion again = publication(installation).publish(gates(start, 0.5f));

        assertThat(again).isEqualTo(once);
        assertThat(installation.events(2)).hasSize(2);
        // Throws if it was fenced.
        solver.publish(List.of(), List.of(), Map.of(), group.groupMetadata());
      }
    }
  }

  @Test
  void shouldKeepTheNextSolverAboveItsNumberWhereForgedVersionsHideIt() throws Exception {
    try (Installation installation = installation()) {
      FoldedStatistics statistics = statistics(installation);
      Installation.Running first = installation.start();
      solve(installation, statistics, 1);
      RouterVersion start = ((RouterEvent.Published) installation.events(1).get(0)).version();
      first.solver().close();
      RouterVersion trained = publication(installation).publish(gates(start, 0.5f));
      for (long number = 1; number < 10; number++) {
        installation.send(
            installation.topics.routerVersions(),
            0,
            List.of(Wire.encode(RouterVersion.newBuilder(trained).setVersion(1).build())));
      }

      installation.start();
      solve(installation, statistics, 2);

      assertThat(trained.getVersion()).isEqualTo(2);
      try (RouterHistory history =
          RouterHistory.open(installation.kafka, installation.topics, Installation.ROUTER)) {
        await().atMost(SOON).until(() -> history.version(3).isPresent());
      }
    }
  }

  @Test
  void shouldRefuseGatesOfAVersionThatIsNotThereAndFenceNobody() throws Exception {
    try (Installation installation = installation();
        Publisher solver = Publisher.takeOver(installation.config());
        CutSubscription group = new CutSubscription(installation.config())) {
      sendStart(installation);
      RouterPublication publication = publication(installation);

      assertThatExceptionOfType(IllegalArgumentException.class)
          .isThrownBy(() -> publication.publish(gates(4, "", 0.5f)))
          .withMessageContaining("router demo has no version 4");
      solver.publish(List.of(), List.of(), Map.of(), group.groupMetadata());
    }
  }
}
