package io.dume.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.utils.Exit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class EmbeddedBrokerIT {

  @TempDir Path directory;

  @Test
  void shouldKeepCommittedRecordsAndItsPortOverARestart() throws Exception {
    String firstAddress;
    try (EmbeddedBroker first = start()) {
      firstAddress = first.bootstrapServers();
      Clients.createTopic(firstAddress);
      Clients.send(firstAddress, "plain");
      try (KafkaProducer<String, String> producer = Clients.transactional(firstAddress, "t")) {
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(Clients.TOPIC, "aborted"));
        producer.abortTransaction();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(Clients.TOPIC, "committed"));
        producer.commitTransaction();
      }
    }

    try (EmbeddedBroker second = start()) {
      assertThat(second.bootstrapServers()).isEqualTo(firstAddress).startsWith("127.0.0.1:");
      assertThat(Clients.committed(second.bootstrapServers()))
          .containsExactly("plain", "committed");
    }
  }

  @Test
  void shouldGoOnWithATransactionalIdAfterARestart() throws Exception {
    try (EmbeddedBroker first = start()) {
      Clients.createTopic(first.bootstrapServers());
      commit(first, "before");
    }

    try (EmbeddedBroker second = start()) {
      commit(second, "after");
      assertThat(Clients.committed(second.bootstrapServers())).containsExactly("before", "after");
    }
  }

  @Test
  void shouldRecoverADirectoryWhoseProcessWasKilled() throws Exception {
    Process doomed = DoomedBroker.start(directory);
    doomed.destroyForcibly().waitFor();

    try (EmbeddedBroker broker = start()) {
      // The successor of the killed producer ends its transaction.
      commit(broker, "later");
      assertThat(Clients.committed(broker.bootstrapServers()))
          .containsExactly("acknowledged", "later");
    }
  }

  @Test
  void shouldRefuseADirectoryThatAnotherProcessHas() throws Exception {
    Process owner = DoomedBroker.start(directory);
    try {
      assertThatExceptionOfType(EmbeddedBrokerException.class)
          .isThrownBy(this::start)
          .withMessageContaining(directory.toString())
          .withMessageContaining("in use by process " + owner.pid())
          .withMessageContaining("stop that one first");
    } finally {
      owner.destroyForcibly().waitFor();
    }
  }

  @Test
  void shouldRefuseADirectoryThatThisProcessHas() {
    try (EmbeddedBroker owner = start()) {
      assertThatExceptionOfType(EmbeddedBrokerException.class)
          .isThrownBy(this::start)
          .withMessageContaining(owner.dataDirectory().toString())
          .withMessageContaining("in use by another broker of this process");
    }
  }

  @Test
  void shouldRefuseAPortThatIsTakenAndLeaveTheDirectoryFree() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      EmbeddedBrokerConfig onTakenPort =
          EmbeddedBrokerConfig.in(directory).withPort(taken.getLocalPort());

      assertThatExceptionOfType(EmbeddedBrokerException.class)
          .isThrownBy(() -> EmbeddedBroker.start(onTakenPort))
          .withMessageContaining("port " + taken.getLocalPort())
          .withMessageContaining("in use");
    }
    start().close();
  }

  @Test
  void shouldTakeAnotherPortWhenTheRememberedOneIsTaken() throws Exception {
    String before = startAndStop();
    int port = Integer.parseInt(before.substring(before.indexOf(':') + 1));
    try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"));
        EmbeddedBroker broker = start()) {
      assertThat(taken.isBound()).isTrue();
      assertThat(broker.bootstrapServers()).isNotEqualTo(before);
    }
  }

  @Test
  void shouldRefuseAHostThatIsNotOfThisMachine() {
    EmbeddedBrokerConfig elsewhere = EmbeddedBrokerConfig.in(directory).withHost("192.0.2.1");

    assertThatExceptionOfType(EmbeddedBrokerException.class)
        .isThrownBy(() -> EmbeddedBroker.start(elsewhere))
        .withMessageContaining("192.0.2.1")
        .withMessageContaining("give an address of this machine");
  }

  @Test
  void shouldRefuseAPropertyThatKafkaDoesNotKnow() {
    EmbeddedBrokerConfig misspelt =
        EmbeddedBrokerConfig.in(directory).withBrokerProperty("num.io.thread", "2");

    assertThatExceptionOfType(EmbeddedBrokerException.class)
        .isThrownBy(() -> EmbeddedBroker.start(misspelt))
        .withMessageContaining("num.io.thread")
        .withMessageContaining("not a setting");
  }

  @Test
  void shouldRefuseAValueThatKafkaDoesNotAccept() {
    EmbeddedBrokerConfig wrong =
        EmbeddedBrokerConfig.in(directory).withBrokerProperty("num.io.threads", "many");

    assertThatExceptionOfType(EmbeddedBrokerException.class)
        .isThrownBy(() -> EmbeddedBroker.start(wrong))
        .withMessageContaining("num.io.threads")
        .withMessageContaining("many");
  }

  @Test
  void shouldListenEverywhereWhenToldTo() throws Exception {
    EmbeddedBrokerConfig everywhere = EmbeddedBrokerConfig.in(directory).withHost("0.0.0.0");

    try (EmbeddedBroker broker = EmbeddedBroker.start(everywhere)) {
      Clients.createTopic(broker.bootstrapServers());
      Clients.send(broker.bootstrapServers(), "one");
      assertThat(Clients.committed(broker.bootstrapServers())).containsExactly("one");
    }
  }

  @Test
  void shouldKeepDataOffsetsAndProducersForeverAndCreateNoTopicsByItself() throws Exception {
    EmbeddedBrokerConfig config =
        EmbeddedBrokerConfig.in(directory).withBrokerProperty("log.segment.bytes", "1048576");

    try (EmbeddedBroker broker = EmbeddedBroker.start(config)) {
      assertThat(settings(broker))
          .containsEntry("log.retention.ms", "-1")
          .containsEntry("log.retention.bytes", "-1")
          .containsEntry("offsets.retention.minutes", Integer.toString(Integer.MAX_VALUE))
          .containsEntry("transactional.id.expiration.ms", Integer.toString(Integer.MAX_VALUE))
          .containsEntry("auto.create.topics.enable", "false")
          .containsEntry("log.segment.bytes", "1048576");
    }
  }

  @Test
  void shouldLeaveNoThreadThatKeepsTheProcessAlive() throws Exception {
    Set<Thread> before = Thread.getAllStackTraces().keySet();

    startAndStop();

    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(blockingExit()).isSubsetOf(before));
  }

  @Test
  void shouldCloseTwiceWithoutComplaint() {
    EmbeddedBroker broker = start();
    broker.close();

    broker.close();

    start().close();
  }

  @Test
  void shouldReportALostDiskInsteadOfEndingTheProcess() throws Exception {
    try (EmbeddedBroker broker = start()) {
      CompletableFuture<EmbeddedBrokerException> failure = broker.failure().toCompletableFuture();
      deleteRecursively(directory.resolve("kafka"));

      // Fails or not: what counts is what becomes of the broker.
      try (Admin admin = Clients.admin(broker.bootstrapServers())) {
        admin.createTopics(List.of(new NewTopic("lost", 1, (short) 1)));
        await().atMost(Duration.ofSeconds(60)).until(failure::isDone);
      }

      assertThat(failure).isCompletedWithValueMatching(e -> e.getMessage().contains("fatal fault"));
    }
  }

  @Test
  void shouldReportAHaltToTheOwnerAndEndTheThreadThatAsked() {
    try (EmbeddedBroker broker = start()) {
      CompletableFuture<EmbeddedBrokerException> failure = broker.failure().toCompletableFuture();

      assertThatExceptionOfType(EmbeddedBrokerException.class)
          .isThrownBy(() -> Exit.halt(1, "no disk"));

      assertThat(failure)
          .isCompletedWithValueMatching(e -> e.getMessage().contains("status 1 (no disk)"));
    }
  }

  private EmbeddedBroker start() {
    return EmbeddedBroker.start(EmbeddedBrokerConfig.in(directory));
  }

  private String startAndStop() {
    try (EmbeddedBroker broker = start()) {
      return broker.bootstrapServers();
    }
  }

  /** Threads that keep the process alive, but for those of the test libraries. */
  private static Set<Thread> blockingExit() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.isAlive() && !thread.isDaemon())
        .filter(thread -> !thread.getName().matches("(awaitility|junit).*"))
        .collect(Collectors.toSet());
  }

  private static void commit(EmbeddedBroker broker, String value) {
    try (KafkaProducer<String, String> producer =
        Clients.transactional(broker.bootstrapServers(), "doomed")) {
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(Clients.TOPIC, value));
      producer.commitTransaction();
    }
  }

  private static Map<String, String> settings(EmbeddedBroker broker) throws Exception {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.BROKER, "1");
    try (Admin admin = Clients.admin(broker.bootstrapServers())) {
      Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
      return config.entries().stream()
          .filter(entry -> entry.value() != null)
          .collect(Collectors.toMap(ConfigEntry::name, ConfigEntry::value));
    }
  }

  private static void deleteRecursively(Path root) throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
