package io.dume.accumulator;

import java.time.Duration;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes the time of restoring, by what Kafka Streams tells of it. Thread-safe. */
final class RestoreTime implements StateRestoreListener {
  private static final Logger LOG = LoggerFactory.getLogger(RestoreTime.class);

  private boolean begun;
  private long begin;
  private long end;

  @Override
  public synchronized void onRestoreStart(
      TopicPartition changelog, String store, long from, long to) {
    if (!begun) {
      begun = true;
      begin = System.nanoTime();
      end = begin;
    }
  }

  @Override
  public void onBatchRestored(TopicPartition changelog, String store, long last, long records) {
    // Only beginning and end are asked for.
  }

  @Override
  public synchronized void onRestoreEnd(TopicPartition changelog, String store, long records) {
    end = System.nanoTime();
    LOG.debug("{} is restored: {} records", changelog, records);
  }

  /** From the first beginning to the last end. */
  synchronized Duration soFar() {
    return Duration.ofNanos(end - begin);
  }
}
