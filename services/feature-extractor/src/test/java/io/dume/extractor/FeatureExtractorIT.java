package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.IncompatibleFitException;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class FeatureExtractorIT extends InstallationFixture {
  @Test
  void shouldShareThePartitionsBetweenTwoWorkers() throws Exception {
    try (RunningWorker one = installation.start("one", SOON);
        RunningWorker two = installation.start("two", SOON)) {
      await()
          .atMost(PATIENCE)
          .until(() -> one.snapshot().partitions() == 2 && two.snapshot().partitions() == 2);

      List<TokenBatch> sent = send(0, 40);

      awaitCovered(10, 10, 10, 10);
      assertSumsAre(sent);
      assertThat(installation.manifests())
          .extracting(FlushManifest::getWorker)
          .contains("one", "two");
      assertThat(one.snapshot().records() + two.snapshot().records()).isEqualTo(40);
    }
  }

  @Test
  void shouldFlushWhatItHasBeforeItsPartitionsMove() throws Exception {
    List<TokenBatch> sent = send(0, 20);
    try (RunningWorker one = installation.start("one", NEVER)) {
      await().atMost(PATIENCE).until(() -> one.snapshot().pendingRecords() == 20);

      try (RunningWorker two = installation.start("two", NEVER)) {
        await().atMost(PATIENCE).until(() -> two.snapshot().partitions() == 2);

        awaitCovered(5, 5, 5, 5);
        assertSumsAre(sent);
        assertThat(one.snapshot().flushes()).isEqualTo(1);
      }
    }
  }

  @Test
  void shouldFlushWhenItIsStopped() throws Exception {
    List<TokenBatch> sent = send(0, 8);
    RunningWorker worker = installation.start("one", NEVER);
    await().atMost(PATIENCE).until(() -> worker.snapshot().pendingRecords() == 8);

    worker.stop();

    awaitCovered(2, 2, 2, 2);
    assertSumsAre(sent);
  }

  @Test
  void shouldFlushWhenEnoughTokensAreIn() throws Exception {
    FlushPolicy tokens = new FlushPolicy(Duration.ofHours(1), 10, 1 << 20);
    try (RunningWorker worker = installation.start("one", tokens)) {
      send(0, 20);

      await().atMost(PATIENCE).until(() -> worker.snapshot().flushes() >= 5);

      assertThat(installation.manifests())
          .allSatisfy(
              m ->
                  assertThat(m.getSlots().stream().mapToLong(s -> s.getTokens()).sum())
                      .isBetween(10L, 10L + Batches.CONTEXT + 1));
    }
  }

  @Test
  void shouldFlushBeforeTheSumsOfOneMoreDomainExceedTheBytes() throws Exception {
    FlushPolicy oneSlot = new FlushPolicy(Duration.ofSeconds(1), Long.MAX_VALUE, 1);
    try (RunningWorker worker = installation.start("one", oneSlot)) {
      List<TokenBatch> sent = send(0, 20);

      awaitCovered(5, 5, 5, 5);
      assertSumsAre(sent);
      assertThat(installation.manifests()).allSatisfy(m -> assertThat(m.getSlots()).hasSize(1));
      assertThat(worker.hasEnded()).isFalse();
    }
  }

  @Test
  void shouldFlushAtOnceWhenACutIsRequested() throws Exception {
    List<TokenBatch> sent = send(0, 12);
    try (RunningWorker one = installation.start("one", NEVER);
        ControlLog control = installation.control()) {
      await().atMost(PATIENCE).until(() -> one.snapshot().pendingRecords() == 12);

      control.append(
          new CutRequested(
              "default",
              "now",
              IntStream.range(0, 4).mapToObj(p -> new PartitionOffset(p, 3L)).toList(),
              null,
              false));

      awaitCovered(3, 3, 3, 3);
      assertSumsAre(sent);
      assertThat(one.snapshot().flushes()).isEqualTo(1);
    }
  }

  @Test
  void shouldReachACutBehindAnAbortedTransactionAndItsMarkers() throws Exception {
    TokenBatch counted = Batches.batch("counted", "math", Batches.tokens(1, 2));
    sendInTransaction(Batches.batch("aborted", "math", Batches.tokens(3)), false);
    sendInTransaction(counted, true);
    // Two records, two markers.
    long end = 4;
    try (RunningWorker one = installation.start("one", NEVER);
        ControlLog control = installation.control()) {
      control.append(
          new CutRequested("default", "now", List.of(new PartitionOffset(0, end)), null, false));

      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(installation.coveredContiguously())
                      .containsExactly(Map.entry(0, end)));
      assertSumsAre(List.of(counted));
      assertThat(one.hasEnded()).isFalse();
    }
  }

  private void sendInTransaction(TokenBatch sent, boolean commit) {
    TokenBatch batch = Batches.in(0, Installation.PARTITIONS, sent);
    var properties = installation.kafka().producer(Map.of("transactional.id", "source"));
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(
          new ProducerRecord<>(
              installation.topics().tokenBatches(), 0, batch.getId().bytes(), Wire.encode(batch)));
      if (commit) {
        producer.commitTransaction();
      } else {
        producer.flush();
        producer.abortTransaction();
      }
    }
  }

  @Test
  void shouldLoseAndRepeatNothingWhenAWorkerDiesWithWorkInItsHands() throws Exception {
    List<TokenBatch> sent = new ArrayList<>(send(0, 40));
    AtomicInteger seen = new AtomicInteger();
    ExtractionModel dying =
        new TokenFeatures(
            sequences -> {
              if (seen.incrementAndGet() == 25) {
                throw new IllegalStateException("the device is gone");
              }
            });
    FlushPolicy tokens = new FlushPolicy(Duration.ofHours(1), 40, 1 << 20);
    Throwable death;
    try (RunningWorker first = RunningWorker.start(installation.config("one", tokens), dying)) {
      death = first.failure();
    }
    long before = installation.coveredContiguously().values().stream().mapToLong(v -> v).sum();

    try (RunningWorker second = installation.start("one", SOON)) {
      sent.addAll(send(40, 60));

      awaitCovered(15, 15, 15, 15);
      assertThat(death)
          .isInstanceOf(ExtractorException.class)
          .hasMessageContaining("partition")
          .hasMessageContaining("the device is gone");
      assertThat(before).isBetween(1L, 24L);
      assertSumsAre(sent);
      assertThat(second.snapshot().records()).isEqualTo(60 - before);
    }
  }

  @Test
  void shouldReadAgainWhatAnAbortedFlushHad() throws Exception {
    AtomicInteger extracted = new AtomicInteger();
    ExtractionModel counting = new TokenFeatures(sequences -> extracted.incrementAndGet());
    limitMessages(100);
    List<TokenBatch> sent = send(0, 8);
    try (RunningWorker worker =
        RunningWorker.start(
            installation.config("one", Installation.every(Duration.ofSeconds(1))), counting)) {
      await().atMost(PATIENCE).until(() -> extracted.get() > 8);

      limitMessages(1 << 20);

      awaitCovered(2, 2, 2, 2);
      assertSumsAre(sent);
      assertThat(worker.snapshot().records()).isEqualTo(8);
    }
  }

  private void limitMessages(int bytes) throws Exception {
    ConfigResource topic =
        new ConfigResource(ConfigResource.Type.TOPIC, installation.topics().partialStatistics());
    try (Admin admin = Admin.create(installation.kafka().admin())) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  topic,
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry("max.message.bytes", Integer.toString(bytes)),
                          AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
  }

  @Test
  void shouldSetAsideEveryBadRecordAndGoOn() throws Exception {
    TokenBatch good = Batches.batch("good", "math", Batches.tokens(1, 2, 3));
    TokenBatch forged = TokenBatch.newBuilder(good).setDocument("other").build();
    TokenBatch poetry =
        Batches.in(0, Installation.PARTITIONS, Batches.batch("a", "poetry", Batches.tokens(1)));
    TokenBatch tokenizer =
        TokenBatch.newBuilder(Batches.batch("t", "math", Batches.tokens(1)))
            .setTokenizer("ef".repeat(32))
            .build();
    byte[] whole = Wire.encode(good);
    installation.sendRaw(0, null, new byte[] {1, 2, 3});
    installation.sendRaw(0, good.getId().bytes(), Arrays.copyOf(whole, whole.length - 2));
    installation.sendRaw(0, null, Wire.encode(new FitFailed(Ids.random(), "x")));
    installation.sendRaw(0, null, null);
    installation.sendRaw(0, null, new byte[16_700_000]);
    installation.sendRaw(0, forged.getId().bytes(), Wire.encode(forged));
    installation.send(0, tokenizer);
    installation.send(0, poetry);
    installation.send(0, Batches.batch("b", "math"));
    installation.send(0, Batches.batch("c", "math", Batches.tokens()));
    installation.send(0, Batches.batch("d", "math", Batches.tokens(-1)));
    installation.send(0, Batches.batch("e", "math", Batches.tokens(Integer.MAX_VALUE)));
    installation.send(0, Batches.batch("f", "math", new int[Batches.MAX_SEQUENCE + 1]));
    int[] longest = new int[Batches.MAX_SEQUENCE];
    installation.send(0, Batches.batch("g", "math", longest, longest, longest, longest, longest));
    installation.send(0, Batches.batch("h", "math", Batches.tokens(TokenFeatures.NAN_TOKEN)));
    installation.send(0, Batches.batch("i", "math", Batches.tokens(TokenFeatures.HUGE_TOKEN)));
    installation.send(0, good);

    try (RunningWorker worker = installation.start("one", SOON)) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(installation.coveredContiguously()).containsEntry(0, 17L));

      assertSumsAre(List.of(good));
      List<DeadLetter> letters = installation.deadLetters();
      assertThat(letters)
          .extracting(DeadLetter::getReason)
          .containsExactly(
              "malformed-message",
              "malformed-message",
              "malformed-message",
              "malformed-message",
              "record-too-large",
              "id-mismatch",
              "wrong-tokenizer",
              "unknown-domain",
              "empty-batch",
              "empty-sequence",
              "token-out-of-vocabulary",
              "token-out-of-vocabulary",
              "sequence-too-long",
              "record-too-large",
              "non-finite-features",
              "statistics-overflow");
      assertThat(letters)
          .extracting(DeadLetter::getOffset)
          .containsExactlyElementsOf(IntStream.range(0, 16).mapToObj(i -> (long) i).toList());
      assertThat(letters)
          .allSatisfy(
              l -> {
                assertThat(l.getTopic()).isEqualTo(installation.topics().tokenBatches());
                assertThat(l.getPartition()).isZero();
                assertThat(l.getService()).isEqualTo("feature-extractor");
              });
      assertThat(letters.get(7).getValue().get().remaining()).isEqualTo(Wire.encode(poetry).length);
      assertThat(
              installation.manifests().stream()
                  .flatMap(m -> m.getRanges().stream())
                  .flatMap(r -> r.getSetAside().stream())
                  .map(s -> s.getOffset() + " " + s.getReason()))
          .containsExactlyElementsOf(
              letters.stream().map(l -> l.getOffset() + " " + l.getReason()).toList());
      assertThat(worker.snapshot().setAside()).isEqualTo(16);
    }
  }

  @Test
  void shouldStopWhenItsFitIsStopped() throws Exception {
    try (RunningWorker worker = installation.start("one", SOON);
        ControlLog control = installation.control()) {
      await().atMost(PATIENCE).until(() -> worker.snapshot().partitions() == 4);
      control.catchUp();

      control.append(
          new FitFailed(
              control.state().fit("default").orElseThrow().getId(), "a gap in partition 1"));

      assertThat(worker.failure())
          .isInstanceOf(ExtractorException.class)
          .hasMessageContaining("a gap in partition 1");
    }
  }

  @Test
  void shouldGiveWayToANewerWorkerOfTheSameName() throws Exception {
    try (RunningWorker older = installation.start("one", SOON)) {
      await().atMost(PATIENCE).until(() -> older.snapshot().partitions() == 4);
      try (RunningWorker newer = installation.start("one", SOON)) {
        await().atMost(PATIENCE).until(() -> newer.snapshot().partitions() == 2);

        List<TokenBatch> sent = send(0, 16);

        assertThat(older.failure())
            .isInstanceOf(ExtractorException.class)
            .hasMessageContaining("was fenced");
        awaitCovered(4, 4, 4, 4);
        assertSumsAre(sent);
      }
    }
  }

  @Test
  void shouldFollowTheListOfExpertsWhenADomainJoins() throws Exception {
    TokenBatch early = Batches.batch("early", "physics", Batches.tokens(1));
    TokenBatch late = Batches.batch("late", "physics", Batches.tokens(1, 2));
    installation.send(0, early);
    try (RunningWorker worker = installation.start("one", SOON);
        ControlLog control = installation.control()) {
      await().atMost(PATIENCE).until(() -> worker.snapshot().setAside() == 1);
      List<DomainExpert> domains = new ArrayList<>(Batches.experts().getDomains());
      domains.add(new DomainExpert("physics", "math"));

      control.append(
          new ExpertsChanged("default", 2, TokenFeatures.EXPERTS, domains, null, List.of()));
      installation.send(0, late);

      await().atMost(PATIENCE).until(() -> worker.snapshot().records() == 1);
      assertThat(installation.deadLetters())
          .extracting(l -> l.getOffset() + " " + l.getReason())
          .containsExactly("0 unknown-domain");
      assertThat(installation.manifests())
          .flatExtracting(FlushManifest::getSlots)
          .extracting(slot -> slot.getDomain() + " " + slot.getExpertMlp() + " " + slot.getTokens())
          .containsExactly("physics " + TokenFeatures.EXPERTS.get(1).getMlp() + " 2");
    }
  }

  @Test
  void shouldStopWhenRecordsThatItMustCountAreGone() throws Exception {
    RunningWorker creator = installation.start("one", SOON);
    await().atMost(PATIENCE).until(() -> creator.snapshot().partitions() == 4);
    creator.stop();
    send(0, 8);
    try (Admin admin = Admin.create(installation.kafka().admin())) {
      admin
          .deleteRecords(
              Map.of(
                  new TopicPartition(installation.topics().tokenBatches(), 1),
                  RecordsToDelete.beforeOffset(1)))
          .all()
          .get();
    }

    try (RunningWorker worker = installation.start("one", SOON)) {
      assertThat(worker.failure())
          .isInstanceOf(ExtractorException.class)
          .hasMessageContaining("are gone")
          .hasMessageContaining("keep token batches for good");
    }
  }

  @Test
  void shouldRefuseAFitOfAnotherContext() throws Exception {
    try (RunningWorker first = installation.start("one", SOON)) {
      await().atMost(PATIENCE).until(() -> first.snapshot().partitions() == 4);
      FeatureExtractorConfig other =
          FeatureExtractorConfig.defaults(
                  installation.kafka(),
                  "two",
                  FitSettings.of(Batches.CONTEXT + 1)
                      .withStatistics(Batches.FRACTION_BITS, Batches.TILE))
              .withTopics(installation.topics(), io.dume.schemas.kafka.Topics.Partitions.DEFAULT);

      try (RunningWorker second = RunningWorker.start(other, new TokenFeatures())) {
        assertThat(second.failure())
            .isInstanceOf(IncompatibleFitException.class)
            .hasMessageContaining("context_dim: 6 in the fit, 7 here");
      }
    }
  }
}
