package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.message.TokenBatch;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One broker for the tests of a class, and topics of its own for each of them. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class InstallationFixture {
  static final FlushPolicy SOON = Installation.every(Duration.ofMillis(200));
  static final FlushPolicy NEVER = Installation.every(Duration.ofHours(1));
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private EmbeddedBroker broker;

  /** That of the test which runs. */
  Installation installation;

  @BeforeAll
  void startBroker(@TempDir Path directory) {
    broker = EmbeddedBroker.start(configured(EmbeddedBrokerConfig.in(directory)));
  }

  /** What a class wants of its broker. */
  EmbeddedBrokerConfig configured(EmbeddedBrokerConfig config) {
    return config;
  }

  @AfterAll
  void stopBroker() {
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

  /** Sends records of the one list of them, a partition after the other. */
  List<TokenBatch> send(int from, int to) throws Exception {
    List<TokenBatch> sent = Installation.records(to).subList(from, to);
    for (int i = 0; i < sent.size(); i++) {
      installation.send(i % Installation.PARTITIONS, sent.get(i));
    }
    return sent;
  }

  void sendToPartition0(int records) throws Exception {
    for (TokenBatch batch : Installation.records(records)) {
      installation.send(0, batch);
    }
  }

  /** Waits until flushes cover partitions 0, 1, … up to these positions. */
  void awaitCovered(long... positions) {
    Map<Integer, Long> expected = new TreeMap<>();
    IntStream.range(0, positions.length).forEach(p -> expected.put(p, positions[p]));
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(installation.coveredContiguously()).isEqualTo(expected));
  }

  void assertSumsAre(List<TokenBatch> batches) {
    Map<String, long[]> committed = installation.committedSums();
    Map<String, long[]> plain = Installation.plainSums(batches);
    assertThat(committed.keySet()).isEqualTo(plain.keySet());
    plain.forEach((key, sum) -> assertThat(committed.get(key)).as(key).isEqualTo(sum));
  }
}
