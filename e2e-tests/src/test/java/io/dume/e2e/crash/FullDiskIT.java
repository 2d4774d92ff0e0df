package io.dume.e2e.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.demo.DemoAssets;
import io.dume.e2e.Command;
import io.dume.e2e.DumeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An accumulator whose disk is full stops, says what to do, and goes on when it was done. */
class FullDiskIT {

  /** Written to the disk at once, and not when there are tens of megabytes. */
  private static final Object[] AT_ONCE = {
    "--fold-cache",
    0,
    "--commit-interval",
    "200ms",
    "--kafka-config",
    "streams.dume.rocksdb.write.buffer.bytes=1048576"
  };

  @TempDir Path directory;

  private final List<DumeProcess> processes = new ArrayList<>();

  @AfterEach
  void endAll() {
    processes.forEach(DumeProcess::close);
  }

  private DumeProcess start(String name, Object... arguments) throws IOException {
    Path logs = Files.createDirectories(Path.of("target", "crash-logs"));
    DumeProcess process = DumeProcess.start(logs.resolve(name + ".log"), Map.of(), arguments);
    processes.add(process);
    return process;
  }

  private DumeProcess accumulator(String name, String bootstrap, Path state, Object... more)
      throws IOException {
    Stream<Object> arguments =
        Stream.of(
            "accumulator",
            "--verbose",
            "--bootstrap-servers",
            bootstrap,
            "--instance",
            "accumulator-a",
            "--state",
            state,
            "--transaction-timeout",
            "10s",
            "--cut-interval",
            "1h");
    return start(name, Stream.concat(arguments, Stream.of(more)).toArray());
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void shouldStopWithARemedyWhenTheDiskIsFullAndGoOnWithTheRightSumsWhenThereIsSpace()
      throws IOException, InterruptedException {
    try (SmallDisk disk = SmallDisk.at(directory.resolve("disk"))) {
      Path state = disk.directory().resolve("state");
      Material material = Material.in(directory, 30);
      Ledger calm =
          Calm.run(
              material,
              Files.createDirectory(directory.resolve("calm")),
              directory,
              new Moments(0, "calm", new CountDownLatch(1)));
      DumeProcess broker =
          start("full-broker", "broker", "--data", directory.resolve("broker"), "--port", 0);
      String bootstrap = broker.awaitOutput("bootstrap servers: (\\S+)");
      start(
          "full-worker",
          "feature-extractor",
          "--bootstrap-servers",
          bootstrap,
          "--instance",
          "worker-a",
          "--model",
          material.model(),
          "--context-dim",
          DemoAssets.CONTEXT_DIM,
          "--flush-interval",
          "200ms");
      start("full-solver", "solver", "--bootstrap-servers", bootstrap);
      DumeProcess full = accumulator("full-accumulator-1", bootstrap, state, AT_ONCE);
      full.awaitOutput("The (fold) is RUNNING");
      disk.fill();
      List<Object> feed = new ArrayList<>(material.feed(bootstrap));
      feed.add(material.file());

      Command.Result fed = Command.run(feed.toArray());

      assertThat(fed.status()).as(fed.toString()).isZero();
      assertStoppedForLackOfSpace(full, state);
      // Nor does it start while that is so.
      assertStoppedForLackOfSpace(
          accumulator("full-accumulator-2", bootstrap, state, AT_ONCE), state);

      disk.empty();
      accumulator("full-accumulator-3", bootstrap, state);
      Ledger ledger = Ledger.close(bootstrap, directory);
      assertThat(ledger.counted()).isEqualTo(calm.counted());
      assertThat(ledger.deadLetters()).isEmpty();
      assertThat(ledger.router().header()).isEqualTo(calm.router().header());
      assertThat(ledger.router().weights()).isEqualTo(calm.router().weights());
    }
  }

  private static void assertStoppedForLackOfSpace(DumeProcess accumulator, Path state)
      throws InterruptedException {
    assertThat(accumulator.awaitEnd(Duration.ofMinutes(2))).as(accumulator.output()).isTrue();
    assertThat(accumulator.awaitEnd()).as(accumulator.output()).isEqualTo(1);
    assertThat(accumulator.output())
        .contains(
            "dume accumulator: the disk of state directory %s is full; free some space"
                .formatted(state.toAbsolutePath()));
  }
}
