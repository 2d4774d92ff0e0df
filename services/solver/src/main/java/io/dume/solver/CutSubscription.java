package io.dume.solver;

import io.dume.schemas.kafka.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Membership in the group of a router's solvers, and the cuts while this one is active. Owned by
 * one thread.
 */
final class CutSubscription implements AutoCloseable, ConsumerRebalanceListener {
  private static final Duration CATCH_UP_POLL = Duration.ofMillis(20);

  private final Topics topics;
  private final TopicPartition partition;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Admin admin;
  private final Optional<String> instance;
  private boolean assigned;
  private boolean reassigned;

  CutSubscription(SolverConfig config) {
    this.topics = config.topics();
    this.partition = new TopicPartition(topics.cuts(), 0);
    var properties =
        config
            .kafka()
            .consumer(
                Map.of(
                    "client.id", Publisher.clientId(config) + "-cuts",
                    "session.timeout.ms", "15000",
                    "heartbeat.interval.ms", "3000"));
    properties.put("group.id", Publisher.clientId(config));
    properties.put("group.protocol", "classic");
    properties.put("isolation.level", "read_committed");
    properties.put("enable.auto.commit", "false");
    properties.put("auto.offset.reset", "earliest");
    properties.put("allow.auto.create.topics", "false");
    // The active solver keeps its partition when another joins.
    properties.put("partition.assignment.strategy", CooperativeStickyAssignor.class.getName());
    config.instance().ifPresent(name -> properties.put("group.instance.id", name));
    this.instance = Optional.ofNullable(properties.getProperty("group.instance.id"));
    this.consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    this.admin = Admin.create(config.kafka().admin());
    consumer.subscribe(List.of(topics.cuts()), this);
  }

  /**
   * What this group committed with its last transaction.
   *
   * @param positions the next position of each partition of layer-statistics
   * @param lastVersion the number of the last version that was published with them, or 0
   */
  record Committed(Map<TopicPartition, Long> positions, long lastVersion) {}

  TopicPartition partition() {
    return partition;
  }

  /** Whether this instance has the partition. */
  boolean assigned() {
    return assigned;
  }

  /** Whether the partition was given to this instance since {@link #seekToCommitted}. */
  boolean reassigned() {
    return reassigned;
  }

  ConsumerGroupMetadata groupMetadata() {
    return consumer.groupMetadata();
  }

  /**
   * Waits for cuts.
   *
   * @throws IllegalStateException if another solver has taken this one's name
   */
  List<ConsumerRecord<byte[], byte[]>> poll(Duration timeout) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try {
      consumer.poll(timeout).records(partition).forEach(records::add);
    } catch (FencedInstanceIdException e) {
      throw new IllegalStateException(
          "another solver was started as instance %s: give each a name of its own"
              .formatted(instance.orElse("")),
          e);
    }
    return records;
  }

  /**
   * Stays in the group during long work.
   *
   * @return cuts that have come meanwhile
   * @throws AbandonedException if the partition is no longer this instance's, or was given anew
   */
  List<ConsumerRecord<byte[], byte[]>> heartbeat() {
    return heartbeat(Duration.ZERO);
  }

  private List<ConsumerRecord<byte[], byte[]>> heartbeat(Duration timeout) {
    List<ConsumerRecord<byte[], byte[]>> records = poll(timeout);
    if (!assigned || reassigned) {
      throw new AbandonedException("another instance took over");
    }
    return records;
  }

  /**
   * Reads all cuts that the fold can know of by now. The commit of a cut can become visible here
   * later than where the fold reads it, so this waits for transactions that are still open.
   *
   * @return cuts that have come meanwhile
   * @throws AbandonedException as {@link #heartbeat}
   * @throws InterruptedException if interrupted while the broker answers
   */
  List<ConsumerRecord<byte[], byte[]>> catchUp() throws InterruptedException {
    long end = written();
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>(heartbeat());
    while (consumer.position(partition) < end) {
      records.addAll(heartbeat(CATCH_UP_POLL));
    }
    return records;
  }

  private long written() throws InterruptedException {
    try {
      return admin
          .listOffsets(
              Map.of(partition, OffsetSpec.latest()),
              new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED))
          .partitionResult(partition)
          .get()
          .offset();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new KafkaException(e.getCause());
    }
  }

  /**
   * Goes to the committed position of the cuts.
   *
   * @return the committed positions of layer-statistics, and the last version
   */
  Committed seekToCommitted() {
    List<PartitionInfo> statistics = consumer.partitionsFor(topics.layerStatistics());
    Set<TopicPartition> wanted =
        IntStream.range(0, statistics.size())
            .mapToObj(p -> new TopicPartition(topics.layerStatistics(), p))
            .collect(Collectors.toSet());
    wanted.add(partition);
    Map<TopicPartition, Long> positions = new HashMap<>();
    long lastVersion = 0;
    for (Map.Entry<TopicPartition, OffsetAndMetadata> entry :
        consumer.committed(wanted).entrySet()) {
      if (entry.getValue() != null) {
        positions.put(entry.getKey(), entry.getValue().offset());
        lastVersion = Math.max(lastVersion, Publisher.lastVersion(entry.getValue().metadata()));
      }
    }
    Long cuts = positions.remove(partition);
    if (cuts == null) {
      consumer.seekToBeginning(List.of(partition));
    } else {
      consumer.seek(partition, cuts);
    }
    reassigned = false;
    return new Committed(positions, lastVersion);
  }

  /**
   * Begins anew. One of many leaves the group and joins it again. One with a name of its own keeps
   * its place: to join again would drive out whoever took the name over, and if anybody did, the
   * group says so soon, which ends this one.
   */
  void rejoin() {
    if (instance.isPresent()) {
      reassigned = true;
      return;
    }
    consumer.unsubscribe();
    assigned = false;
    consumer.subscribe(List.of(topics.cuts()), this);
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    if (partitions.contains(partition)) {
      assigned = true;
      reassigned = true;
    }
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    if (partitions.contains(partition)) {
      assigned = false;
    }
  }

  @Override
  public void close() {
    // A named member would keep its place until the session timeout, and the others would wait.
    consumer.close(CloseOptions.groupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
    admin.close();
  }
}
