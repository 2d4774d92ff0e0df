package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A model that takes long compared with what its group allows between two polls. */
@Timeout(120)
class SlowModelIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final FlushPolicy NEVER = Installation.every(Duration.ofHours(1));
  private static final Duration INTERVAL = Duration.ofSeconds(3);

  private static EmbeddedBroker broker;

  private Installation installation;

  @BeforeAll
  static void startBroker(@TempDir Path directory) {
    broker = EmbeddedBroker.start(EmbeddedBrokerConfig.in(directory));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void createTopics(TestInfo test) throws InterruptedException {
    installation =
        new Installation(
            broker.bootstrapServers(), Integer.toHexString(test.getDisplayName().hashCode()));
  }

  @AfterEach
  void close() {
    installation.close();
  }

  private static ExtractionModel taking(Duration time) {
    return new TokenFeatures(
        sequences -> {
          long end = System.nanoTime() + time.toNanos();
          while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
          }
        });
  }

  private void sendToPartition0(int records) throws Exception {
    for (var batch : Installation.records(records)) {
      installation.send(0, batch);
    }
  }

  @Test
  void shouldKeepWhatItHasWhenABatchTakesLongerThanItMayGoWithoutAPoll() throws Exception {
    sendToPartition0(4);

    try (RunningWorker worker =
        RunningWorker.start(
            installation.polling("one", NEVER, INTERVAL), taking(Duration.ofMillis(1100)))) {

      await()
          .atMost(PATIENCE)
          .until(() -> worker.snapshot().records() + worker.snapshot().pendingRecords() == 4);
      worker.stop();

      assertThat(installation.coveredContiguously()).isEqualTo(Map.of(0, 4L));
      assertThat(worker.snapshot().records()).isEqualTo(4);
      assertThat(worker.snapshot().flushes()).isGreaterThan(1);
    }
  }

  @Test
  void shouldGiveUpWhenEachRecordTakesLongerThanItMayGoWithoutAPoll() throws Exception {
    sendToPartition0(1);

    try (RunningWorker worker =
        RunningWorker.start(
            installation.polling("one", NEVER, Duration.ofMillis(700)),
            taking(Duration.ofMillis(1500)))) {

      assertThat(worker.failure())
          .isInstanceOf(ExtractorException.class)
          .hasMessageContaining("5 times in a row")
          .hasMessageContaining("max.poll.interval.ms");
      assertThat(installation.manifests()).isEmpty();
    }
  }
}
