package io.dume.accumulator;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.topology.sequencer.CutPolicy;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What an accumulator is told. Everything of Kafka's own is in the settings: {@code streams.} for
 * both applications, {@code streams.sequencer.} and {@code streams.fold.} for one of them, each
 * followed by a setting of Kafka Streams or, behind its own prefixes, of its clients.
 *
 * @param kafka how to reach the cluster
 * @param topics the installation
 * @param partitions for topics that do not exist yet
 * @param stateDirectory where the stores are; lost, they are restored from their changelogs
 * @param instanceId a stable name of this instance, so that a restart finds its tasks again;
 *     letters, digits, '.', '_' and '-'
 * @param cuts when to cut without being asked
 * @param foldThreads threads that share the partitions of the fold, at least 1
 * @param cacheBytes record cache of the fold, shared by its threads; larger than the sums that
 *     change between two commits and the flushes that are open
 * @param commitInterval how often the fold commits when nobody waits for a cut
 * @param strayAge how long staged tiles wait for an order about their flush
 * @param transactionTimeout longer than writing a full cache takes, and no longer than a restart
 *     that lost its state directory may wait
 * @param closeTimeout how long closing may take
 */
public record AccumulatorConfig(
    KafkaSettings kafka,
    Topics topics,
    Topics.Partitions partitions,
    Path stateDirectory,
    String instanceId,
    CutPolicy cuts,
    int foldThreads,
    long cacheBytes,
    Duration commitInterval,
    Duration strayAge,
    Duration transactionTimeout,
    Duration closeTimeout) {
  public AccumulatorConfig {
    if (!instanceId.matches("[a-zA-Z0-9._-]{1,100}")) {
      throw new IllegalArgumentException(
          "instance id \"%s\": use 1 to 100 letters, digits, '.', '_' and '-'"
              .formatted(instanceId));
    }
    if (foldThreads < 1) {
      throw new IllegalArgumentException(
          "fold threads of %d: choose 1 or more, at most one a partition".formatted(foldThreads));
    }
    if (cacheBytes < 0) {
      throw new IllegalArgumentException(
          "cache of %d bytes: choose 0 for none, or 64 MiB and more".formatted(cacheBytes));
    }
    requirePositive("commit interval", commitInterval);
    requirePositive("stray age", strayAge);
    requirePositive("transaction timeout", transactionTimeout);
    requirePositive("close timeout", closeTimeout);
    if (transactionTimeout.compareTo(commitInterval) <= 0) {
      throw new IllegalArgumentException(
          "transaction timeout of %s: must be longer than the commit interval of %s"
              .formatted(transactionTimeout, commitInterval));
    }
  }

  private static void requirePositive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(
          "%s of %s: choose more than nothing".formatted(name, value));
    }
  }

  /**
   * The settings as measured: one fold thread, 64 MiB of record cache, a commit every 5 s.
   *
   * @param kafka how to reach the cluster
   * @param topics the installation
   * @param stateDirectory where the stores are
   * @param instanceId a stable name of this instance
   * @return a configuration to refine with the {@code with…} methods
   */
  public static AccumulatorConfig defaults(
      KafkaSettings kafka, Topics topics, Path stateDirectory, String instanceId) {
    return new AccumulatorConfig(
        kafka,
        topics,
        Topics.Partitions.DEFAULT,
        stateDirectory,
        instanceId,
        CutPolicy.DEFAULT,
        1,
        64L << 20,
        Duration.ofSeconds(5),
        Duration.ofHours(1),
        Duration.ofSeconds(60),
        Duration.ofSeconds(30));
  }

  /**
   * @param value partitions for topics that do not exist yet
   * @return a copy with that value
   */
  public AccumulatorConfig withPartitions(Topics.Partitions value) {
    return new AccumulatorConfig(
        kafka,
        topics,
        value,
        stateDirectory,
        instanceId,
        cuts,
        foldThreads,
        cacheBytes,
        commitInterval,
        strayAge,
        transactionTimeout,
        closeTimeout);
  }

  /**
   * @param value when to cut without being asked
   * @return a copy with that value
   */
  public AccumulatorConfig withCuts(CutPolicy value) {
    return new AccumulatorConfig(
        kafka,
        topics,
        partitions,
        stateDirectory,
        instanceId,
        value,
        foldThreads,
        cacheBytes,
        commitInterval,
        strayAge,
        transactionTimeout,
        closeTimeout);
  }

  /**
   * @param threads threads that share the partitions of the fold
   * @param cache bytes of record cache, shared by them
   * @return a copy with these values
   */
  public AccumulatorConfig withFold(int threads, long cache) {
    return new AccumulatorConfig(
        kafka,
        topics,
        partitions,
        stateDirectory,
        instanceId,
        cuts,
        threads,
        cache,
        commitInterval,
        strayAge,
        transactionTimeout,
        closeTimeout);
  }

  /**
   * @param commit how often the fold commits when nobody waits for a cut
   * @param transaction how long a transaction may last
   * @return a copy with these values
   */
  public AccumulatorConfig withTimes(Duration commit, Duration transaction) {
    return new AccumulatorConfig(
        kafka,
        topics,
        partitions,
        stateDirectory,
        instanceId,
        cuts,
        foldThreads,
        cacheBytes,
        commit,
        strayAge,
        transaction,
        closeTimeout);
  }
}
