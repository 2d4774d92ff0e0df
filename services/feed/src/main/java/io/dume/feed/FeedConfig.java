package io.dume.feed;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.time.Duration;
import java.util.OptionalDouble;

/**
 * What a feed needs to know.
 *
 * @param kafka how to reach the cluster
 * @param topics the installation
 * @param partitions for topics that do not exist yet
 * @param contextDim the longest sequence to make, in tokens
 * @param sequencesPerRecord the most sequences of a record
 * @param heldOut whether everything fed is kept out of routers
 * @param interleave whether to take one record of each source in turn instead of one source after
 *     the other
 * @param tokensPerSecond the most tokens to send in a second, or nothing for as many as go
 * @param maxDocumentBytes the largest document, or line, in bytes
 * @param progressInterval how often to report progress
 */
public record FeedConfig(
    KafkaSettings kafka,
    Topics topics,
    Topics.Partitions partitions,
    int contextDim,
    int sequencesPerRecord,
    boolean heldOut,
    boolean interleave,
    OptionalDouble tokensPerSecond,
    int maxDocumentBytes,
    Duration progressInterval) {
  /** The largest document unless configured otherwise. */
  public static final int DEFAULT_MAX_DOCUMENT_BYTES = 16 << 20;

  private static final int SEQUENCES = 16;

  /** The record limit that a feature extractor has by default. */
  private static final int RECORD_TOKENS = 1 << 16;

  public FeedConfig {
    if (contextDim < 1) {
      throw new IllegalArgumentException(
          "context_dim of %d: a sequence has at least 1 token".formatted(contextDim));
    }
    if (sequencesPerRecord < 1) {
      throw new IllegalArgumentException(
          "%d sequences a record: at least 1; 16 is the default".formatted(sequencesPerRecord));
    }
    if (tokensPerSecond.isPresent() && !(tokensPerSecond.getAsDouble() > 0)) {
      throw new IllegalArgumentException(
          "%s tokens a second: must be positive; leave it out for as many as go"
              .formatted(tokensPerSecond.getAsDouble()));
    }
    if (maxDocumentBytes < 1 || maxDocumentBytes > 1 << 30) {
      throw new IllegalArgumentException(
          "largest document of %d bytes: choose 1 to %d".formatted(maxDocumentBytes, 1 << 30));
    }
    if (progressInterval.isNegative()) {
      throw new IllegalArgumentException(
          "progress interval of %s: can't be negative".formatted(progressInterval));
    }
  }

  /**
   * A feed of the default installation: records of up to 16 sequences, fewer where that would be
   * more than 65536 tokens.
   *
   * @param kafka how to reach the cluster
   * @param contextDim the longest sequence to make
   * @return a configuration to refine with the {@code with…} methods
   */
  public static FeedConfig defaults(KafkaSettings kafka, int contextDim) {
    return new FeedConfig(
        kafka,
        Topics.DEFAULT,
        Topics.Partitions.DEFAULT,
        contextDim,
        Math.max(1, Math.min(SEQUENCES, RECORD_TOKENS / Math.max(1, contextDim))),
        false,
        false,
        OptionalDouble.empty(),
        DEFAULT_MAX_DOCUMENT_BYTES,
        Duration.ofSeconds(1));
  }

  /**
   * @param installation the installation's topics
   * @param counts for topics that do not exist yet
   * @return a copy with those topics
   */
  public FeedConfig withTopics(Topics installation, Topics.Partitions counts) {
    return new FeedConfig(
        kafka,
        installation,
        counts,
        contextDim,
        sequencesPerRecord,
        heldOut,
        interleave,
        tokensPerSecond,
        maxDocumentBytes,
        progressInterval);
  }

  /**
   * @param sequences the most sequences of a record
   * @return a copy with records of that size
   */
  public FeedConfig withSequencesPerRecord(int sequences) {
    return new FeedConfig(
        kafka,
        topics,
        partitions,
        contextDim,
        sequences,
        heldOut,
        interleave,
        tokensPerSecond,
        maxDocumentBytes,
        progressInterval);
  }

  /**
   * @param keptOut whether everything fed is kept out of routers
   * @return a copy that does or does not
   */
  public FeedConfig withHeldOut(boolean keptOut) {
    return new FeedConfig(
        kafka,
        topics,
        partitions,
        contextDim,
        sequencesPerRecord,
        keptOut,
        interleave,
        tokensPerSecond,
        maxDocumentBytes,
        progressInterval);
  }

  /**
   * @param inTurn whether to take one record of each source in turn
   * @return a copy that does or does not
   */
  public FeedConfig withInterleave(boolean inTurn) {
    return new FeedConfig(
        kafka,
        topics,
        partitions,
        contextDim,
        sequencesPerRecord,
        heldOut,
        inTurn,
        tokensPerSecond,
        maxDocumentBytes,
        progressInterval);
  }

  /**
   * @param rate the most tokens to send in a second
   * @return a copy with that limit
   */
  public FeedConfig withTokensPerSecond(OptionalDouble rate) {
    return new FeedConfig(
        kafka,
        topics,
        partitions,
        contextDim,
        sequencesPerRecord,
        heldOut,
        interleave,
        rate,
        maxDocumentBytes,
        progressInterval);
  }

  /**
   * @param bytes the largest document, or line
   * @return a copy with that limit
   */
  public FeedConfig withMaxDocumentBytes(int bytes) {
    return new FeedConfig(
        kafka,
        topics,
        partitions,
        contextDim,
        sequencesPerRecord,
        heldOut,
        interleave,
        tokensPerSecond,
        bytes,
        progressInterval);
  }

  /**
   * @param interval how often to report progress
   * @return a copy with that interval
   */
  public FeedConfig withProgressInterval(Duration interval) {
    return new FeedConfig(
        kafka,
        topics,
        partitions,
        contextDim,
        sequencesPerRecord,
        heldOut,
        interleave,
        tokensPerSecond,
        maxDocumentBytes,
        interval);
  }
}
