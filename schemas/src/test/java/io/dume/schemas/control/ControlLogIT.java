package io.dume.schemas.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.SolveProfileFixed;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ControlLogIT {
  private static final List<Expert> EXPERTS =
      List.of(new Expert("code", "mlp-c"), new Expert("math", "mlp-m"));

  private static EmbeddedBroker broker;
  private static KafkaSettings kafka;
  private static int installations;
  private Topics topics;

  @BeforeAll
  static void startBroker(@TempDir Path directory) {
    broker = EmbeddedBroker.start(EmbeddedBrokerConfig.in(directory));
    kafka = KafkaSettings.of(broker.bootstrapServers());
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void createTopics() throws InterruptedException {
    topics = new Topics("c" + ++installations + ".");
    try (Admin admin = Admin.create(kafka.admin())) {
      topics.create(admin, new Topics.Partitions(3, 2), Map.of());
    }
  }

  private static Fit fit(UnaryOperator<Fit.Builder> change) {
    Fit.Builder fit =
        Fit.newBuilder()
            .setId(new Id(new byte[16]))
            .setBackbone("b")
            .setFeatureSource("mlp-input")
            .setContextDim(64)
            .setFractionBits(20)
            .setTileSize(256)
            .setProfile(new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64"))
            .setLabel("")
            .setLayers(4)
            .setWidth(128)
            .setVocabulary(2048)
            .setMaxSequenceTokens(512)
            .setMaxRecordTokens(4096)
            .setTokenizer("t")
            .setStatisticsPartitions(2)
            .setStart(List.of());
    Fit changed = change.apply(fit).build();
    return Fit.newBuilder(changed).setId(Ids.ofFit(changed)).build();
  }

  private Fits.Joined join(ControlLog log, Fit proposal, boolean mixed)
      throws InterruptedException {
    return Fits.join(log, "demo", proposal, EXPERTS, mixed, Clock.systemUTC());
  }

  /**
   * Workers do it before every few records; a fetch that waits for more waits for half a second.
   */
  @Test
  @Timeout(20)
  void shouldTellThatThereIsNothingNewWithoutWaitingForMore() {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      for (int i = 0; i < 60; i++) {
        log.poll(Duration.ZERO);

        log.catchUp();
      }

      assertThat(log.state().routers()).isEmpty();
    }
  }

  @Test
  void shouldCreateTheTopicsThatAreMissingAndLeaveTheOthers() throws Exception {
    try (Admin admin = Admin.create(kafka.admin())) {
      topics.create(admin, new Topics.Partitions(9, 9), Map.of());

      assertThat(Topics.partitions(admin, topics.tokenBatches())).contains(3);
      assertThat(Topics.partitions(admin, topics.layerStatistics())).contains(2);
      assertThat(Topics.partitions(admin, topics.control())).contains(1);
      assertThat(Topics.partitions(admin, "nowhere")).isEmpty();
    }
  }

  @Test
  void shouldGiveAMissingTopicAsManyPartitionsAsTheOneThatItGoesWith() throws Exception {
    try (Admin admin = Admin.create(kafka.admin())) {
      admin
          .deleteTopics(List.of(topics.countedIds(), topics.layerStatistics()))
          .all()
          .get(30, TimeUnit.SECONDS);
      await().until(() -> isGone(admin, topics.countedIds(), topics.layerStatistics()));

      topics.create(admin, new Topics.Partitions(9, 9), Map.of());

      assertThat(Topics.partitions(admin, topics.countedIds())).contains(3);
      assertThat(Topics.partitions(admin, topics.layerStatistics())).contains(2);
    }
  }

  private static boolean isGone(Admin admin, String... names) throws InterruptedException {
    for (String name : names) {
      if (Topics.partitions(admin, name).isPresent()) {
        return false;
      }
    }
    return true;
  }

  @Test
  void shouldTellEveryReaderTheSame() throws Exception {
    Id fit = Ids.random();
    try (ControlLog one = new ControlLog(kafka, topics);
        ControlLog other = new ControlLog(kafka, topics)) {
      one.append(new SolveProfileFixed(fit, "ejml", "portable"));
      other.append(new SolveProfileFixed(fit, "openblas", "HASWELL"));
      one.catchUp();

      assertThat(other.state().solveProfile(fit)).isEqualTo(one.state().solveProfile(fit));
      assertThat(one.state().solveProfile(fit))
          .contains(new SolveProfileFixed(fit, "ejml", "portable"));
    }
    try (ControlLog later = new ControlLog(kafka, topics)) {
      assertThat(later.state().solveProfile(fit))
          .contains(new SolveProfileFixed(fit, "ejml", "portable"));
    }
  }

  @Test
  void shouldReadPastWhatIsNoMessage() throws Exception {
    Id fit = Ids.random();
    try (KafkaProducer<byte[], byte[]> producer = producer(Map.of());
        ControlLog log = new ControlLog(kafka, topics)) {
      producer.send(new ProducerRecord<>(topics.control(), 0, null, new byte[] {1, 2})).get();
      producer.send(new ProducerRecord<>(topics.control(), 0, null, null)).get();

      log.append(new FitFailed(fit, "gap"));

      assertThat(log.state().failure(fit)).contains("gap");
    }
  }

  @Test
  void shouldNotReturnBeforeItsOwnRecordCountsBehindAnOpenTransaction() throws Exception {
    Id fit = Ids.random();
    try (KafkaProducer<byte[], byte[]> producer =
            producer(Map.of("transactional.id", topics.prefix() + "sequencer"));
        ControlLog log = new ControlLog(kafka, topics)) {
      producer.initTransactions();
      producer.beginTransaction();
      producer
          .send(
              new ProducerRecord<>(
                  topics.control(), 0, null, Wire.encode(new FitFailed(fit, "first"))))
          .get();

      CompletableFuture<Void> append =
          CompletableFuture.runAsync(
              () -> {
                try {
                  log.append(new FitFailed(fit, "second"));
                } catch (InterruptedException e) {
                  throw new CompletionException(e);
                }
              });

      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> append.get(1, TimeUnit.SECONDS));
      producer.commitTransaction();
      append.get(30, TimeUnit.SECONDS);
      assertThat(log.state().failure(fit)).contains("first");
    }
  }

  private static KafkaProducer<byte[], byte[]> producer(Map<String, String> settings) {
    return new KafkaProducer<>(
        kafka.producer(settings), new ByteArraySerializer(), new ByteArraySerializer());
  }

  @Test
  void shouldLetTheFirstWorkerCreateTheFitAndTheNextJoinIt() throws Exception {
    try (ControlLog one = new ControlLog(kafka, topics);
        ControlLog other = new ControlLog(kafka, topics)) {
      Fits.Joined first = join(one, fit(f -> f), false);
      Fits.Joined second = join(other, fit(f -> f.setStatisticsPartitions(2)), false);

      assertThat(second).isEqualTo(first);
      assertThat(first.fit()).isEqualTo(fit(f -> f));
      assertThat(first.experts().getExperts()).isEqualTo(EXPERTS);
      assertThat(first.mixed()).isFalse();
      assertThat(other.poll(Duration.ofMillis(200))).isEmpty();
    }
  }

  @Test
  void shouldNameWhatKeepsAWorkerOutOfAFit() throws Exception {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      join(log, fit(f -> f), false);

      assertThatExceptionOfType(IncompatibleFitException.class)
          .isThrownBy(() -> join(log, fit(f -> f.setContextDim(128).setBackbone("other")), false))
          .withMessageContaining("context_dim: 64 in the fit, 128 here")
          .withMessageContaining("backbone: b in the fit, other here");
    }
  }

  @Test
  void shouldLetAnotherNumericProfileInOnlyWhenToldTo() throws Exception {
    ExtractionProfile cuda = new ExtractionProfile("cuda", "9.0", "libtorch 2.5.1", "float64");
    try (ControlLog log = new ControlLog(kafka, topics)) {
      join(log, fit(f -> f), false);

      assertThatExceptionOfType(IncompatibleFitException.class)
          .isThrownBy(() -> join(log, fit(f -> f.setProfile(cuda)), false))
          .withMessageContaining("cpu, avx2")
          .withMessageContaining("cuda, 9.0")
          .withMessageContaining("--mixed");
      assertThat(join(log, fit(f -> f.setProfile(cuda)), true).mixed()).isTrue();
      assertThat(log.state().mixed(log.state().fit("demo").orElseThrow().getId())).isTrue();
    }
  }

  @Test
  void shouldRefuseAModelWhoseExpertsAreOthers() throws Exception {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      join(log, fit(f -> f), false);
      List<Expert> others = List.of(new Expert("code", "mlp-c"), new Expert("math", "changed"));

      assertThatExceptionOfType(IncompatibleFitException.class)
          .isThrownBy(() -> Fits.join(log, "demo", fit(f -> f), others, false, Clock.systemUTC()))
          .withMessageContaining("expert math");
    }
  }

  @Test
  void shouldNotGiveTheFitOfAnotherRouterAway() throws Exception {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      join(log, fit(f -> f), false);

      assertThatExceptionOfType(IncompatibleFitException.class)
          .isThrownBy(
              () -> Fits.join(log, "second", fit(f -> f), EXPERTS, false, Clock.systemUTC()))
          .withMessageContaining("label");
    }
  }
}
