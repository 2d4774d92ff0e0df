package io.dume.schemas.kafka;

import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * The topics of one installation, in the order of the road. All names start with a common prefix,
 * so several installations can share a cluster.
 *
 * @param prefix in front of every name, may be empty
 */
public record Topics(String prefix) {
  /** The largest message of any topic, in bytes; producers and topics are configured for it. */
  public static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

  /**
   * The largest record of the control log, in bytes. Every reader keeps what the log says in
   * memory, so a larger one is refused before it is decoded.
   */
  public static final int MAX_CONTROL_BYTES = 1024 * 1024;

  /**
   * The largest cut, in bytes. It lists the experts of one control record, a slot for each of their
   * domains and a range for each partition, which together stay below this.
   */
  public static final int MAX_CUT_BYTES = 8 * 1024 * 1024;

  /** The prefix when none is configured. */
  public static final Topics DEFAULT = new Topics("dume.");

  public Topics {
    if (!prefix.matches("[a-zA-Z0-9._-]{0,100}")) {
      throw new IllegalArgumentException(
          "topic prefix \"%s\": use letters, digits, '.', '_' and '-'".formatted(prefix));
    }
  }

  /**
   * How many partitions the parallel topics get when they are created. Neither may change later:
   * positions and layers are bound to partitions.
   *
   * @param tokenBatches the most feature extractors that can share the work
   * @param statistics the most folding tasks
   */
  public record Partitions(int tokenBatches, int statistics) {
    /** Room for a few workers and accumulators. */
    public static final Partitions DEFAULT = new Partitions(8, 4);

    public Partitions {
      if (tokenBatches < 1 || statistics < 1) {
        throw new IllegalArgumentException(
            "partitions (token-batches %d, statistics %d): at least 1 each"
                .formatted(tokenBatches, statistics));
      }
    }

    /** Positions and layers are bound to partitions, so their topics come in pairs. */
    private Partitions beside(Topics topics, Map<String, Integer> there) {
      return new Partitions(
          there.getOrDefault(topics.tokenBatches(), tokenBatches),
          there.getOrDefault(
              topics.partialStatistics(),
              there.getOrDefault(topics.layerStatistics(), statistics)));
    }
  }

  /** {@return labelled token batches; kept for good, since a replay depends on them} */
  public String tokenBatches() {
    return prefix + "token-batches";
  }

  /**
   * {@return ids of the records that have been counted; compacted, partitioned as token-batches}
   */
  public String countedIds() {
    return prefix + "counted-ids";
  }

  /** {@return the ordered log of fits, experts and requests, one partition} */
  public String control() {
    return prefix + "control";
  }

  /** {@return tiles of flushes, and the sequencer's orders about them} */
  public String partialStatistics() {
    return prefix + "partial-statistics";
  }

  /** {@return one manifest a flush, one partition} */
  public String flushManifests() {
    return prefix + "flush-manifests";
  }

  /** {@return the cuts in order, one partition} */
  public String cuts() {
    return prefix + "cuts";
  }

  /** {@return pooled A_l and b_l of each cut} */
  public String layerStatistics() {
    return prefix + "layer-statistics";
  }

  /** {@return router versions and refusals, one partition} */
  public String routerVersions() {
    return prefix + "router-versions";
  }

  /** {@return what could not be counted, one partition} */
  public String deadLetters() {
    return prefix + "dead-letters";
  }

  /**
   * The consumer group of a fit's feature extractors; its committed offsets say how far they are.
   *
   * @param fit the fit's id
   * @return the group's id
   */
  public String workers(Id fit) {
    return prefix + "feature-extractor-" + Ids.hex(fit);
  }

  Map<String, NewTopic> wanted(Partitions partitions, Map<String, String> overrides) {
    String day = Long.toString(24L * 60 * 60 * 1000);
    String hour = Long.toString(60L * 60 * 1000);
    Map<String, NewTopic> wanted = new LinkedHashMap<>();
    record Setting(String topic, int partitions, String retentionMs, int bytes) {}
    for (Setting s :
        List.of(
            new Setting(tokenBatches(), partitions.tokenBatches(), "-1", MAX_MESSAGE_BYTES),
            new Setting(countedIds(), partitions.tokenBatches(), "-1", MAX_MESSAGE_BYTES),
            new Setting(control(), 1, "-1", MAX_CONTROL_BYTES),
            new Setting(partialStatistics(), partitions.statistics(), day, MAX_MESSAGE_BYTES),
            new Setting(flushManifests(), 1, "-1", MAX_MESSAGE_BYTES),
            new Setting(cuts(), 1, "-1", MAX_CUT_BYTES),
            new Setting(layerStatistics(), partitions.statistics(), hour, MAX_MESSAGE_BYTES),
            new Setting(routerVersions(), 1, "-1", MAX_MESSAGE_BYTES),
            new Setting(deadLetters(), 1, "-1", MAX_MESSAGE_BYTES))) {
      Map<String, String> config = new HashMap<>();
      config.put("cleanup.policy", s.topic().equals(countedIds()) ? "compact" : "delete");
      config.put("retention.ms", s.retentionMs());
      config.put("max.message.bytes", Integer.toString(s.bytes()));
      // The broker unpacks what is compressed and measures it again: a limit on compressed bytes
      // would be none.
      config.put("compression.type", "uncompressed");
      if (s.topic().equals(partialStatistics())) {
        // A worker's slow clock must not make the broker delete what has just come.
        config.put("message.timestamp.type", "LogAppendTime");
      }
      config.putAll(overrides);
      wanted.put(
          s.topic(),
          new NewTopic(s.topic(), Optional.of(s.partitions()), Optional.empty()).configs(config));
    }
    return wanted;
  }

  /** A broker may learn of a topic some time after the controller has acknowledged it. */
  private static final Duration VISIBLE_WITHIN = Duration.ofSeconds(30);

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);

  /**
   * Creates the topics that are missing, and waits until they can be seen; what exists stays as it
   * is. Who may not create topics needs no permission for it where none is missing. A topic that
   * must have as many partitions as one that exists gets as many.
   *
   * @param admin a client of the cluster, left open
   * @param partitions for topics that are created now
   * @param overrides topic settings for topics that are created now, as from {@link
   *     KafkaSettings#topic()}
   * @throws InterruptedException if interrupted while waiting
   * @throws IllegalStateException if the cluster refuses
   */
  public void create(Admin admin, Partitions partitions, Map<String, String> overrides)
      throws InterruptedException {
    Map<String, Integer> there = new HashMap<>();
    for (String topic : all()) {
      partitions(admin, topic).ifPresent(count -> there.put(topic, count));
    }
    for (NewTopic topic : wanted(partitions.beside(this, there), overrides).values()) {
      if (!there.containsKey(topic.name())) {
        create(admin, topic);
      }
    }
    awaitVisible(admin);
  }

  private static void create(Admin admin, NewTopic topic) throws InterruptedException {
    try {
      admin.createTopics(List.of(topic)).all().get();
    } catch (ExecutionException e) {
      // Somebody else may just have been faster.
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw new IllegalStateException(
            "topic %s could not be created: %s".formatted(topic.name(), e.getCause().getMessage()),
            e.getCause());
      }
    }
  }

  private void awaitVisible(Admin admin) throws InterruptedException {
    long deadline = System.nanoTime() + VISIBLE_WITHIN.toNanos();
    for (String topic : all()) {
      while (partitions(admin, topic).isEmpty()) {
        if (System.nanoTime() - deadline > 0) {
          throw new IllegalStateException(
              "topic %s was created but can't be seen after %d s: is the cluster well?"
                  .formatted(topic, VISIBLE_WITHIN.toSeconds()));
        }
        TimeUnit.MILLISECONDS.sleep(BETWEEN_LOOKS.toMillis());
      }
    }
  }

  private List<String> all() {
    return List.of(
        tokenBatches(),
        countedIds(),
        control(),
        partialStatistics(),
        flushManifests(),
        cuts(),
        layerStatistics(),
        routerVersions(),
        deadLetters());
  }

  /**
   * The number of partitions of a topic as it is.
   *
   * @param admin a client of the cluster, left open
   * @param topic a name
   * @return partitions, or nothing if there is no such topic
   * @throws InterruptedException if interrupted while waiting
   * @throws IllegalStateException if the cluster does not answer
   */
  public static Optional<Integer> partitions(Admin admin, String topic)
      throws InterruptedException {
    try {
      TopicDescription description =
          admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
      return Optional.of(description.partitions().size());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return Optional.empty();
      }
      throw new IllegalStateException(
          "topic %s could not be described: %s".formatted(topic, e.getCause().getMessage()),
          e.getCause());
    }
  }
}
