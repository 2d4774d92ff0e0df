package io.dume.extractor;

import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.StatisticsTile;

/** A message of a flush. All of a flush, and the offsets that it covers, are one transaction. */
public sealed interface FlushOutput {
  /**
   * A piece of the sums.
   *
   * @param partition of partial-statistics
   * @param key of the message
   * @param tile the message
   */
  record Tile(int partition, byte[] key, StatisticsTile tile) implements FlushOutput {}

  /**
   * The id of a record that the flush counts.
   *
   * @param partition of counted-ids, which is the record's
   * @param key of the message: the fit and the record
   * @param value of the message: the slot
   */
  record Counted(int partition, byte[] key, byte[] value) implements FlushOutput {}

  /**
   * A record that does not count.
   *
   * @param value an encoded dead letter
   */
  record Letter(byte[] value) implements FlushOutput {}

  /**
   * The last message of a flush.
   *
   * @param key of the message: the flush
   * @param manifest the message
   */
  record Manifest(byte[] key, FlushManifest manifest) implements FlushOutput {}
}
