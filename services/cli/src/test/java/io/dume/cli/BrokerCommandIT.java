package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class BrokerCommandIT {

  private static final Pattern ADDRESS = Pattern.compile("bootstrap servers: (\\S+)");

  private final ExecutorService executor = Executors.newSingleThreadExecutor();

  @AfterEach
  void stopExecutor() {
    executor.shutdownNow();
  }

  @Test
  void shouldServeUntilItIsStopped(@TempDir Path directory) throws Exception {
    CommandRun run = new CommandRun(Map.of("DUME_PORT", "0"));
    Future<Integer> status =
        executor.submit(() -> run.execute("broker", "--data", directory.toString()));
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(run.out()).containsPattern(ADDRESS));
    Matcher address = ADDRESS.matcher(run.out());
    assertThat(address.find()).isTrue();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", address.group(1)))) {
      assertThat(admin.describeCluster().nodes().get()).hasSize(1);
    }

    run.stop().request();

    assertThat(status.get(60, TimeUnit.SECONDS)).isZero();
    assertThat(run.err()).isEmpty();
  }
}
