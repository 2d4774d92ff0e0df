package io.dume.extractor;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.time.Duration;
import java.util.Optional;

/**
 * What a worker needs to know.
 *
 * @param kafka how to reach the cluster
 * @param topics the installation
 * @param partitions for topics that do not exist yet
 * @param instance names this worker; no two that run at once may share it, and one that restarts
 *     under its old name ends the transaction it died in at once
 * @param staticMembership whether the instance is also the member's id in the consumer group: a
 *     restart then keeps its partitions, and one that stops for good holds them until the session
 *     times out
 * @param fit the fit to join or create
 * @param flush when to publish
 * @param transactionTimeout how long a flush may take; when empty, ten seconds and one more for
 *     each 16 MiB that a flush can hold, at most 15 minutes
 */
public record FeatureExtractorConfig(
    KafkaSettings kafka,
    Topics topics,
    Topics.Partitions partitions,
    String instance,
    boolean staticMembership,
    FitSettings fit,
    FlushPolicy flush,
    Optional<Duration> transactionTimeout) {
  public FeatureExtractorConfig {
    if (!instance.matches("[a-zA-Z0-9._-]{1,100}")) {
      throw new IllegalArgumentException(
          "instance \"%s\": use 1 to 100 letters, digits, '.', '_' and '-'".formatted(instance));
    }
    if (transactionTimeout.filter(t -> t.toMillis() < 1).isPresent()) {
      throw new IllegalArgumentException(
          "transaction timeout of %s: must be positive".formatted(transactionTimeout.get()));
    }
  }

  /**
   * A worker of the default installation.
   *
   * @param kafka how to reach the cluster
   * @param instance names this worker
   * @param fit the fit to join or create
   * @return a configuration to refine with the {@code with…} methods
   */
  public static FeatureExtractorConfig defaults(
      KafkaSettings kafka, String instance, FitSettings fit) {
    return new FeatureExtractorConfig(
        kafka,
        Topics.DEFAULT,
        Topics.Partitions.DEFAULT,
        instance,
        false,
        fit,
        FlushPolicy.DEFAULT,
        Optional.empty());
  }

  /**
   * @param installation the installation's topics
   * @param counts for topics that do not exist yet
   * @return a copy with those topics
   */
  public FeatureExtractorConfig withTopics(Topics installation, Topics.Partitions counts) {
    return new FeatureExtractorConfig(
        kafka, installation, counts, instance, staticMembership, fit, flush, transactionTimeout);
  }

  /**
   * @param policy when to publish
   * @return a copy with that policy
   */
  public FeatureExtractorConfig withFlush(FlushPolicy policy) {
    return new FeatureExtractorConfig(
        kafka, topics, partitions, instance, staticMembership, fit, policy, transactionTimeout);
  }

  /**
   * @param isStatic whether the instance is the member's id in the consumer group
   * @return a copy with or without static membership
   */
  public FeatureExtractorConfig withStaticMembership(boolean isStatic) {
    return new FeatureExtractorConfig(
        kafka, topics, partitions, instance, isStatic, fit, flush, transactionTimeout);
  }

  /**
   * @param timeout how long a flush may take
   * @return a copy with that timeout
   */
  public FeatureExtractorConfig withTransactionTimeout(Duration timeout) {
    return new FeatureExtractorConfig(
        kafka, topics, partitions, instance, staticMembership, fit, flush, Optional.of(timeout));
  }
}
