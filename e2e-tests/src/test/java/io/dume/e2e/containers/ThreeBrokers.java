package io.dume.e2e.containers;

import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.DockerClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;

/**
 * Three Kafka nodes in KRaft mode, each broker and controller, that can be killed and started
 * again.
 *
 * <p>Containers reach them by name, this machine by ports that stay the same over a restart.
 */
final class ThreeBrokers implements AutoCloseable {

  static final int NODES = 3;

  private static final Duration WELL = Duration.ofMinutes(3);
  private static final String INSIDE = "kafka-1:19092,kafka-2:19092,kafka-3:19092";

  private final Network network;
  private final List<GenericContainer<?>> nodes;
  private final String outside;
  private final Admin admin;

  private ThreeBrokers(Network network, List<GenericContainer<?>> nodes, String outside) {
    this.network = network;
    this.nodes = nodes;
    this.outside = outside;
    this.admin =
        Admin.create(
            Map.of(
                "bootstrap.servers", outside,
                "request.timeout.ms", "5000",
                "default.api.timeout.ms", "20000"));
  }

  static ThreeBrokers start(String image) {
    Network network = Network.newNetwork();
    List<GenericContainer<?>> nodes = new ArrayList<>();
    List<Integer> ports = freePorts();
    for (int id = 1; id <= NODES; id++) {
      nodes.add(node(image, network, id, ports.get(id - 1)));
    }
    Startables.deepStart(nodes).join();
    String outside =
        ports.stream().map(port -> "localhost:" + port).collect(Collectors.joining(","));
    return new ThreeBrokers(network, nodes, outside);
  }

  private static GenericContainer<?> node(String image, Network network, int id, int port) {
    Map<String, String> settings = new HashMap<>();
    settings.put("CLUSTER_ID", "ZHVtZS10aHJlZS1icm9rZQ");
    settings.put("KAFKA_NODE_ID", Integer.toString(id));
    settings.put("KAFKA_PROCESS_ROLES", "broker,controller");
    settings.put("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@kafka-1:9093,2@kafka-2:9093,3@kafka-3:9093");
    settings.put("KAFKA_LISTENERS", "INTERNAL://:19092,EXTERNAL://:9092,CONTROLLER://:9093");
    settings.put(
        "KAFKA_ADVERTISED_LISTENERS",
        "INTERNAL://kafka-%d:19092,EXTERNAL://localhost:%d".formatted(id, port));
    settings.put(
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
        "INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.put("KAFKA_INTER_BROKER_LISTENER_NAME", "INTERNAL");
    settings.put("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER");
    settings.put("KAFKA_LOG_DIRS", "/var/lib/kafka/data");
    settings.put("KAFKA_DEFAULT_REPLICATION_FACTOR", "3");
    settings.put("KAFKA_MIN_INSYNC_REPLICAS", "2");
    settings.put("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "3");
    settings.put("KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS", "4");
    settings.put("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "3");
    settings.put("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "2");
    settings.put("KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS", "4");
    settings.put("KAFKA_TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS", "1000");
    settings.put("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false");
    settings.put("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0");
    // A killed broker is noticed soon.
    settings.put("KAFKA_BROKER_SESSION_TIMEOUT_MS", "6000");
    settings.put("KAFKA_BROKER_HEARTBEAT_INTERVAL_MS", "1000");
    settings.put("KAFKA_HEAP_OPTS", "-Xmx384m -XX:TieredStopAtLevel=1");
    GenericContainer<?> node =
        new GenericContainer<>(DockerImageName.parse(image))
            .withNetwork(network)
            .withNetworkAliases("kafka-" + id)
            .withEnv(settings)
            .waitingFor(
                Wait.forSuccessfulCommand("bash -c 'exec 3<>/dev/tcp/localhost/19092'")
                    .withStartupTimeout(WELL));
    node.setPortBindings(List.of("127.0.0.1:%d:9092".formatted(port)));
    return node;
  }

  /** Ports that nobody has at this moment; all are held until the last is known. */
  static List<Integer> freePorts() {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int n = 0; n < NODES; n++) {
        sockets.add(new ServerSocket(0));
      }
      List<Integer> ports = sockets.stream().map(ServerSocket::getLocalPort).toList();
      for (ServerSocket socket : sockets) {
        socket.close();
      }
      return ports;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For clients on this machine. */
  String bootstrapServers() {
    return outside;
  }

  /** For clients in containers. */
  String bootstrapServersInside() {
    return INSIDE;
  }

  Network network() {
    return network;
  }

  Admin admin() {
    return admin;
  }

  /** Descriptions of all topics, internal ones too. */
  Map<String, TopicDescription> topics() {
    try {
      Set<String> names =
          admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
      return admin.describeTopics(names).allTopicNames().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** How many records a topic has had, with the marks of transactions. */
  long records(String topic) {
    try {
      Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
      for (TopicPartitionInfo partition : topics().get(topic).partitions()) {
        ends.put(new TopicPartition(topic, partition.partition()), OffsetSpec.latest());
      }
      return admin.listOffsets(ends).all().get().values().stream()
          .mapToLong(ListOffsetsResultInfo::offset)
          .sum();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** The node that leads a partition now. */
  int leader(String topic, int partition) {
    return topics().get(topic).partitions().get(partition).leader().id();
  }

  /** Kills a node, as kill -9 does. */
  void kill(int node) {
    docker().killContainerCmd(nodes.get(node - 1).getContainerId()).exec();
  }

  /** Starts a killed node again, on the data that it had. */
  void restart(int node) {
    docker().startContainerCmd(nodes.get(node - 1).getContainerId()).exec();
  }

  /** Waits until another node leads all that this one has led. */
  void awaitFailover(int node) {
    await("failover from " + node)
        .atMost(WELL)
        .ignoreExceptions()
        .until(
            () ->
                partitions().stream().allMatch(p -> p.leader() != null && p.leader().id() != node));
  }

  /** Waits until so many copies of a topic of one partition are in step. */
  void awaitInStep(String topic, int copies) {
    await(copies + " replicas of " + topic + " in sync")
        .atMost(WELL)
        .ignoreExceptions()
        .until(() -> topics().get(topic).partitions().get(0).isr().size() == copies);
  }

  /** Waits until all partitions have all their copies in step. */
  void awaitWell() {
    await("all replicas in sync")
        .atMost(WELL)
        .pollInterval(Duration.ofMillis(500))
        .ignoreExceptions()
        .until(() -> partitions().stream().allMatch(p -> p.isr().size() == p.replicas().size()));
  }

  private List<TopicPartitionInfo> partitions() {
    return topics().values().stream().flatMap(t -> t.partitions().stream()).toList();
  }

  /** Cuts a container off from the network, without a word to either side. */
  void cutOff(GenericContainer<?> container) {
    docker()
        .disconnectFromNetworkCmd()
        .withNetworkId(network.getId())
        .withContainerId(container.getContainerId())
        .exec();
  }

  /** Mends what {@link #cutOff} did. */
  void reconnect(GenericContainer<?> container) {
    docker()
        .connectToNetworkCmd()
        .withNetworkId(network.getId())
        .withContainerId(container.getContainerId())
        .exec();
  }

  /** The nodes that are not this one. */
  static Set<Integer> others(int node) {
    Set<Integer> others = new HashSet<>(Set.of(1, 2, 3));
    others.remove(node);
    return others;
  }

  private static DockerClient docker() {
    return DockerClientFactory.instance().client();
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(5));
    nodes.forEach(GenericContainer::stop);
    network.close();
  }
}
