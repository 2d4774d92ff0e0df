package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.StatisticsKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** Records that come twice, and domains that come and go. */
class CountOnceIT extends InstallationFixture {
  private long duplicates() {
    return installation.manifests().stream()
        .flatMap(m -> m.getRanges().stream())
        .mapToLong(r -> r.getDuplicates().size())
        .sum();
  }

  @Test
  void shouldCountOnceWhatIsSentAgainToAnotherWorkerLater() throws Exception {
    List<TokenBatch> sent = send(0, 16);
    try (RunningWorker one = installation.start("one", SOON)) {
      await().atMost(PATIENCE).until(() -> one.snapshot().records() == 16);
      one.stop();
    }
    send(0, 16);
    send(0, 16);

    try (RunningWorker two = installation.start("two", SOON)) {
      awaitCovered(12, 12, 12, 12);

      assertSumsAre(sent);
      assertThat(duplicates()).isEqualTo(32);
      assertThat(two.snapshot().duplicates()).isEqualTo(32);
      assertThat(two.snapshot().records()).isZero();
      assertThat(installation.deadLetters()).isEmpty();
    }
  }

  @Test
  void shouldCountOnceWhatIsSentAgainAfterPartitionsMoved() throws Exception {
    try (RunningWorker one = installation.start("one", SOON)) {
      List<TokenBatch> sent = send(0, 16);
      await().atMost(PATIENCE).until(() -> one.snapshot().records() == 16);

      try (RunningWorker two = installation.start("two", SOON)) {
        await().atMost(PATIENCE).until(() -> two.snapshot().partitions() == 2);
        send(0, 16);

        awaitCovered(8, 8, 8, 8);
        assertSumsAre(sent);
        assertThat(two.snapshot().duplicates()).isEqualTo(8);
        assertThat(one.snapshot().duplicates()).isEqualTo(8);
        two.stop();
        await().atMost(PATIENCE).until(() -> one.snapshot().partitions() == 4);
        send(0, 16);
        awaitCovered(12, 12, 12, 12);
        assertSumsAre(sent);
      }
    }
  }

  @Test
  void shouldCountOnceWhatAWorkerHadInItsHandsWhenItDied() throws Exception {
    List<TokenBatch> sent = new ArrayList<>(send(0, 20));
    send(0, 20);
    AtomicInteger seen = new AtomicInteger();
    ExtractionModel dying =
        new TokenFeatures(
            sequences -> {
              if (seen.incrementAndGet() == 15) {
                throw new IllegalStateException("the device is gone");
              }
            });
    FlushPolicy tokens = new FlushPolicy(Duration.ofHours(1), 30, 1 << 20);
    try (RunningWorker first = RunningWorker.start(installation.config("one", tokens), dying)) {
      assertThat(first.failure()).hasMessageContaining("the device is gone");
    }

    try (RunningWorker second = installation.start("one", SOON)) {
      awaitCovered(10, 10, 10, 10);

      assertSumsAre(sent);
      assertThat(duplicates()).isEqualTo(20);
      assertThat(second.hasEnded()).isFalse();
    }
  }

  @Test
  void shouldWaitForTheOpenFlushOfWhoHadAPartitionBefore() throws Exception {
    Fit fit = createFit();
    TokenBatch batch = Batches.in(0, Installation.PARTITIONS, math("late"));
    var properties = installation.kafka().producer(Map.of("transactional.id", "predecessor"));
    try (KafkaProducer<byte[], byte[]> predecessor =
            new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        ControlLog control = installation.control()) {
      predecessor.initTransactions();
      predecessor.beginTransaction();
      byte[] slot = control.state().memberships(fit.getId()).get("math").slot(false).bytes();
      predecessor.send(counted(StatisticsKey.counted(fit.getId(), batch.getId()), slot)).get();
      installation.send(0, batch);

      try (RunningWorker worker = installation.start("two", SOON)) {
        await()
            .during(Duration.ofSeconds(2))
            .atMost(PATIENCE)
            .until(() -> worker.snapshot().partitions() == 0);
        predecessor.commitTransaction();

        await().atMost(PATIENCE).until(() -> worker.snapshot().duplicates() == 1);
        assertThat(worker.snapshot().records()).isZero();
      }
    }
  }

  private static TokenBatch math(String document) {
    return Batches.batch(document, "math", Batches.tokens(1, 2));
  }

  private ProducerRecord<byte[], byte[]> counted(byte[] key, byte[] value) {
    return new ProducerRecord<>(installation.topics().countedIds(), 0, key, value);
  }

  private Fit createFit() throws Exception {
    try (RunningWorker creator = installation.start("creator", SOON)) {
      await().atMost(PATIENCE).until(() -> creator.snapshot().partitions() == 4);
      creator.stop();
      return creator.fit().orElseThrow();
    }
  }

  @Test
  void shouldPassOverWhatIsNoCountedId() throws Exception {
    Fit fit = createFit();
    try (KafkaProducer<byte[], byte[]> stranger =
        new KafkaProducer<>(
            installation.kafka().producer(Map.of()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int i = 0; i < 20; i++) {
        stranger.send(counted(new byte[i], new byte[i])).get();
      }
      stranger.send(counted(StatisticsKey.counted(fit.getId(), fit.getId()), new byte[3])).get();
    }
    installation.send(0, math("good"));

    try (RunningWorker worker = installation.start("one", SOON)) {
      await().atMost(PATIENCE).until(() -> worker.snapshot().records() == 1);

      assertThat(worker.hasEnded()).isFalse();
    }
  }

  @Test
  void shouldRefuseWhatStandsInAPartitionThatIsNotItsKeys() throws Exception {
    TokenBatch batch = Batches.in(1, Installation.PARTITIONS, math("stray"));
    installation.sendRaw(0, batch.getId().bytes(), io.dume.schemas.wire.Wire.encode(batch));

    try (RunningWorker worker = installation.start("one", SOON)) {
      await().atMost(PATIENCE).until(() -> worker.snapshot().setAside() == 1);

      assertThat(installation.deadLetters())
          .extracting(DeadLetter::getReason)
          .containsExactly("wrong-partition");
    }
  }

  @Test
  void shouldCountADomainAnewThatWasRemovedAndAdded() throws Exception {
    List<DomainExpert> both = Batches.experts().getDomains();
    try (RunningWorker worker = installation.start("one", SOON);
        ControlLog control = installation.control()) {
      installation.send(0, math("a"));
      await().atMost(PATIENCE).until(() -> worker.snapshot().records() == 1);

      // What a user does before sending is known when it is judged.
      control.append(list(2, both.subList(0, 1)));
      installation.send(0, math("a"));
      await().atMost(PATIENCE).until(() -> worker.snapshot().setAside() == 1);
      control.append(list(3, both));
      installation.send(0, math("a"));
      installation.send(0, math("a"));
      await().atMost(PATIENCE).until(() -> worker.snapshot().duplicates() == 1);

      assertThat(installation.manifests())
          .flatExtracting(FlushManifest::getSlots)
          .extracting(s -> s.getDomain() + " " + s.getSince() + " " + s.getRecords())
          .containsExactly("math 1 1", "math 3 1");
      assertThat(installation.deadLetters())
          .extracting(l -> l.getOffset() + " " + l.getReason())
          .containsExactly("1 removed-domain");
    }
  }

  private static ExpertsChanged list(int version, List<DomainExpert> domains) {
    return new ExpertsChanged("default", version, TokenFeatures.EXPERTS, domains, null, List.of());
  }

  @Test
  void shouldPassOverTheDomainsThatAFitLeavesOut() throws Exception {
    Fit fit = createFit();
    try (ControlLog control = installation.control()) {
      control.append(
          ExpertsChanged.newBuilder(Batches.experts())
              .setVersion(2)
              .setFit(fit.getId())
              .setLeftOut(List.of("poetry"))
              .build());
    }
    installation.send(0, Batches.batch("a", "poetry", Batches.tokens(1)));
    installation.send(0, math("b"));
    installation.send(0, Batches.batch("c", "poetry", Batches.tokens(1)));

    try (RunningWorker worker = installation.start("one", SOON)) {
      await()
          .atMost(PATIENCE)
          .until(() -> worker.snapshot().leftOut() == 2 && worker.snapshot().records() == 1);

      assertThat(
              installation.manifests().stream()
                  .flatMap(m -> m.getRanges().stream())
                  .mapToLong(CoveredRange::getLeftOut)
                  .sum())
          .isEqualTo(2);
      assertThat(installation.deadLetters()).isEmpty();
    }
  }
}
