package io.dume.e2e.crash;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real processes that are struck all the time make the router of a run that nobody disturbs. */
class CrashRunIT {

  private static final int KILLS = Integer.getInteger("crash.kills", 2);
  private static final long SEED = Long.getLong("crash.seed", System.nanoTime() & 0xFFFFFF);

  /** Of each domain. */
  private static final int DOCUMENTS = Integer.getInteger("crash.documents", 60);

  @TempDir static Path directory;

  private static Ledger calm;
  private static Ledger struck;
  private static List<String> ownEnds;

  /** Every wait of a run has an end of its own; this is for what nobody thought of. */
  private static final int MOST_MINUTES = 45;

  @BeforeAll
  @Timeout(value = MOST_MINUTES, unit = TimeUnit.MINUTES)
  static void run() throws IOException, InterruptedException {
    System.out.printf(
        "crash run with seed %d: -Dcrash.seed=%d -Dcrash.kills=%d repeats it%n", SEED, SEED, KILLS);
    Path logs = Files.createDirectories(Path.of("target", "crash-logs"));
    Material material = Material.in(directory, DOCUMENTS);
    Moments calmMoments = new Moments(SEED, "calm", new CountDownLatch(1));
    calm = Calm.run(material, Files.createDirectory(directory.resolve("calm")), logs, calmMoments);
    try (CrashRun run =
        new CrashRun(
            material, Files.createDirectory(directory.resolve("struck")), logs, KILLS, SEED)) {
      struck = run.run();
      ownEnds = run.tally().ownEnds();
      new CrashReport(SEED, KILLS, run.tally(), calm, struck)
          .publish(Path.of("target", "crash-report.json"));
    }
  }

  @Test
  void shouldHaveBeenFedEveryRecordOfTheCalmRunTwice() {
    assertThat(struck.records().keySet()).isEqualTo(calm.records().keySet());
    assertThat(calm.records().values()).containsOnly(1);
    assertThat(struck.records().values()).containsOnly(2);
  }

  @Test
  void shouldCountEveryRecordOnce() {
    assertThat(struck.recordsCounted()).isEqualTo(struck.records().size());
    assertThat(struck.counted()).isEqualTo(calm.counted());
    assertThat(struck.newest().get("setAside").asLong()).isZero();
  }

  @Test
  void shouldEndNoServiceThatNobodyStruck() {
    assertThat(ownEnds).isEmpty();
  }

  @Test
  void shouldSetNothingAside() {
    assertThat(struck.deadLetters()).isEmpty();
  }

  @Test
  void shouldGiveTheRouterOfTheCalmRunByteForByte() {
    assertThat(struck.newest().get("sha256")).isEqualTo(calm.newest().get("sha256"));
    assertThat(struck.router().header()).isEqualTo(calm.router().header());
    assertThat(struck.router().weights()).isEqualTo(calm.router().weights());
  }

  @Test
  void shouldNumberVersionsWithoutGapsAndNeverTakeTokensBack() {
    List<JsonNode> versions = struck.versions();
    assertThat(versions)
        .extracting(version -> version.get("version").asLong())
        .containsExactlyElementsOf(LongStream.rangeClosed(1, versions.size()).boxed().toList());
    assertThat(versions).extracting(CrashRunIT::tokens).isSorted();
  }

  private static long tokens(JsonNode version) {
    long tokens = 0;
    for (JsonNode domain : version.get("domains")) {
      tokens += domain.get("tokens").asLong();
    }
    return tokens;
  }
}
