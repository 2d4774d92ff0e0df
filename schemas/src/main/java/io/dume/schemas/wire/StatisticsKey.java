package io.dume.schemas.wire;

import io.dume.schemas.message.Id;
import io.dume.schemas.message.StatisticsKind;
import java.nio.ByteBuffer;

/**
 * The fixed binary keys of statistics, big-endian so that bytes sort as numbers do: all of a layer
 * stands together in a store, and so does all of a flush. Keys never pass through a configurable
 * serde.
 *
 * <table>
 * <caption>Layouts, in bytes</caption>
 * <tr><th>key</th><th>layout</th><th>length</th></tr>
 * <tr><td>sum of A</td><td>fit 16, layer 2, slot 16, row 2, column 2</td><td>38</td></tr>
 * <tr><td>sum of b</td><td>fit 16, layer 2, slot 16</td><td>34</td></tr>
 * <tr><td>staged tile</td><td>flush 16, layer 2, slot 16, kind 1, row 2, column 2, digest 8</td><td>47</td></tr>
 * <tr><td>tile on the topic</td><td>the staged key</td><td>47</td></tr>
 * <tr><td>marker on the topic</td><td>fit 16, sequence or cut 8</td><td>24</td></tr>
 * <tr><td>layer-statistics</td><td>fit 16, cut 8, layer 2, row 2, column 2</td><td>30</td></tr>
 * <tr><td>counted id</td><td>fit 16, record 16</td><td>32</td></tr>
 * </table>
 */
public final class StatisticsKey {
  private StatisticsKey() {}

  /**
   * The key of a tile of A in the store of sums.
   *
   * @param fit the fit
   * @param layer the layer
   * @param slot the slot
   * @param row the tile's row
   * @param col the tile's column
   * @return 38 bytes
   */
  public static byte[] sum(Id fit, int layer, Id slot, int row, int col) {
    return ByteBuffer.allocate(38)
        .put(fit.bytes())
        .putShort((short) layer)
        .put(slot.bytes())
        .putShort((short) row)
        .putShort((short) col)
        .array();
  }

  /**
   * The key of b in the store of sums.
   *
   * @param fit the fit
   * @param layer the layer
   * @param slot the slot
   * @return 34 bytes
   */
  public static byte[] target(Id fit, int layer, Id slot) {
    return ByteBuffer.allocate(34)
        .put(fit.bytes())
        .putShort((short) layer)
        .put(slot.bytes())
        .array();
  }

  /**
   * The key of a tile on its way: in the topic and while it is staged. The digest is part of it, so
   * a tile with other values stands beside a good one and never in its place.
   *
   * @param flush the flush
   * @param layer the layer
   * @param slot the slot
   * @param kind a tile of A, or b
   * @param row the tile's row; 0 for b
   * @param col the tile's column; 0 for b
   * @param digest xxHash64 of the values
   * @return 47 bytes
   */
  public static byte[] staged(
      Id flush, int layer, Id slot, StatisticsKind kind, int row, int col, long digest) {
    return ByteBuffer.allocate(47)
        .put(flush.bytes())
        .putShort((short) layer)
        .put(slot.bytes())
        .put((byte) kind.ordinal())
        .putShort((short) row)
        .putShort((short) col)
        .putLong(digest)
        .array();
  }

  /**
   * The key of an order to all partitions.
   *
   * @param fit the fit
   * @param number the sequence number of a flush, or the number of a cut
   * @return 24 bytes
   */
  public static byte[] marker(Id fit, long number) {
    return ByteBuffer.allocate(24).put(fit.bytes()).putLong(number).array();
  }

  /**
   * The key of a pooled tile that leaves for the solver; row and column are 0 for what is not a
   * tile.
   *
   * @param fit the fit
   * @param cut the cut
   * @param layer the layer
   * @param row the tile's row
   * @param col the tile's column
   * @return 30 bytes
   */
  public static byte[] layer(Id fit, long cut, int layer, int row, int col) {
    return ByteBuffer.allocate(30)
        .put(fit.bytes())
        .putLong(cut)
        .putShort((short) layer)
        .putShort((short) row)
        .putShort((short) col)
        .array();
  }

  /**
   * The key of a record that has been counted, in the topic of counted ids; its value is the slot
   * that it was counted in.
   *
   * @param fit the fit
   * @param record the record's id
   * @return 32 bytes
   */
  public static byte[] counted(Id fit, Id record) {
    return ByteBuffer.allocate(32).put(fit.bytes()).put(record.bytes()).array();
  }
}
