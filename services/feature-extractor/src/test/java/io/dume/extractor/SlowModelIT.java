package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** A model that takes long compared with what its group allows between two polls. */
class SlowModelIT extends InstallationFixture {
  private static final Duration INTERVAL = Duration.ofSeconds(3);

  private static ExtractionModel taking(Duration time) {
    return new TokenFeatures(
        sequences -> {
          long end = System.nanoTime() + time.toNanos();
          while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
          }
        });
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
