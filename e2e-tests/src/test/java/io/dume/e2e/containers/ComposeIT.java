package io.dume.e2e.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The compose file as it stands, from nothing to a version that the evaluator has judged. The tests
 * are steps of one life, so their order counts.
 */
@NeedsContainers
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 12, unit = TimeUnit.MINUTES)
class ComposeIT {

  private static final Duration UP = Duration.ofMinutes(8);
  private static final Duration COMMAND = Duration.ofMinutes(4);

  private static final List<String> SERVICES =
      List.of(
          "kafka-1",
          "kafka-2",
          "kafka-3",
          "feature-extractor-1",
          "feature-extractor-2",
          "accumulator-1",
          "accumulator-2",
          "solver",
          "evaluator");

  private static final Map<String, String> ENVIRONMENT = new HashMap<>();
  private static final List<String> COMPOSE = new ArrayList<>();
  private static Dume dume;

  @TempDir static Path directory;

  @BeforeAll
  @Timeout(value = 25, unit = TimeUnit.MINUTES)
  static void up() throws IOException {
    ENVIRONMENT.put("DUME_KAFKA_IMAGE", Images.build());
    ENVIRONMENT.put("DUME_IMAGE", Images.DUME);
    ENVIRONMENT.put("DUME_KAFKA_HEAP", "-Xmx384m -XX:TieredStopAtLevel=1");
    ENVIRONMENT.put(
        "DUME_SERVICE_JAVA_OPTS",
        "-Xmx400m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dai.djl.pytorch.num_threads=1"
            + " -Dai.djl.pytorch.num_interop_threads=1");
    ENVIRONMENT.put("DUME_TEST_TOKENS_PER_DOMAIN", "1000");
    List<Integer> ports = ThreeBrokers.freePorts();
    for (int n = 1; n <= ThreeBrokers.NODES; n++) {
      ENVIRONMENT.put("DUME_KAFKA_PORT_" + n, Integer.toString(ports.get(n - 1)));
    }
    COMPOSE.addAll(
        Images.docker(COMMAND, "compose", "version").ok()
            ? List.of("docker", "compose")
            : List.of("docker-compose"));
    COMPOSE.addAll(List.of("-p", "dume-smoke-" + ProcessHandle.current().pid()));
    dume = Dume.at("localhost:" + ports.get(0), "dume.");
    Shell.Result up = compose(UP, "up", "-d");
    assertThat(up.ok()).as(up.toString() + logs()).isTrue();
  }

  @AfterAll
  static void down() {
    if (!COMPOSE.isEmpty()) {
      Shell.Result down = compose(UP, "down", "-v", "-t", "30");
      assertThat(down.ok()).as(down.toString()).isTrue();
    }
  }

  @Test
  @Order(1)
  void shouldBecomeHealthy() {
    for (String service : SERVICES) {
      await(service)
          .atMost(UP)
          .pollInterval(Duration.ofSeconds(2))
          .untilAsserted(() -> assertThat(health(service)).as(service).isEqualTo("healthy"));
    }
  }

  @Test
  @Order(2)
  void shouldMakeAVersionOfTextThatIsFedInsideAndOutside() {
    List<Object> feed = new ArrayList<>(List.of("run", "--rm", "-T", "dume", "feed", "--jsonl"));
    for (String domain : List.of("novel", "politics", "code", "math")) {
      feed.add("/corpora/%s/validation.jsonl".formatted(domain));
    }
    Shell.Result inside = compose(COMMAND, feed.toArray());
    assertThat(inside.ok()).as(inside + logs()).isTrue();
    Path text =
        Shell.root()
            .resolve("services/demo/src/main/resources/io/dume/demo/corpora/scripture")
            .resolve("validation.jsonl");
    Path expert =
        Shell.root().resolve("services/demo/src/main/resources/io/dume/demo/experts/scripture");
    Path model = directory.resolve("merged");
    dume.done("moerge", "--expert", "scripture=" + expert, "--out", model);
    dume.done("feed", "--model", model, "--jsonl", text);

    Dume.Result solved = dume.run("solve", "--timeout", "4m");

    assertThat(solved.status()).as(solved + logs()).isZero();
    assertThat(solved.out()).contains("novel=", "politics=", "code=", "math=", "scripture=");
  }

  @Test
  @Order(3)
  void shouldJudgeTheVersion() {
    await("the evaluator's row")
        .atMost(COMMAND)
        .pollInterval(Duration.ofSeconds(2))
        .untilAsserted(
            () ->
                assertThat(compose(COMMAND, "logs", "evaluator").output())
                    .containsPattern("version \\d+  novel \\d+\\.\\d+  politics "));
  }

  @Test
  @Order(4)
  void shouldRunWithoutRightsAndWithoutAWritableRoot() {
    Shell.Result result =
        compose(
            COMMAND, "exec", "-T", "feature-extractor-1", "sh", "-c", "id -u; touch /opt/dume/x");

    assertThat(result.output()).contains("10001").contains("Read-only file system");
  }

  @Test
  @Order(5)
  void shouldGiveEachWorkerAGpuWithTheFileForThat() {
    Shell.Result result =
        compose(COMMAND, "-f", "docker-compose.yml", "-f", "services/container/gpu.yml", "config");

    assertThat(result.ok()).as(result.toString()).isTrue();
    assertThat(result.output()).contains("driver: nvidia");
  }

  private static String health(String service) {
    String id = compose(COMMAND, "ps", "-q", service).output().strip();
    return Images.docker(COMMAND, "inspect", "--format", "{{.State.Health.Status}}", id)
        .output()
        .strip();
  }

  private static Shell.Result compose(Duration limit, Object... arguments) {
    List<Object> command = new ArrayList<>(COMPOSE);
    command.addAll(List.of(arguments));
    return Shell.run(limit, ENVIRONMENT, command.toArray());
  }

  private static String logs() {
    return "\n" + compose(COMMAND, "logs", "--tail", "60").output();
  }
}
