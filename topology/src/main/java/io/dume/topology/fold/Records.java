package io.dume.topology.fold;

import io.dume.schemas.message.FoldProgress;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.OpenFlush;
import io.dume.schemas.wire.StateRecords;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The meta shelf: small records under keys of one letter and an id. */
final class Records {
  private static final byte FIT = 'f';
  private static final byte OPEN = 'o';
  private static final byte GONE = 'g';
  private static final byte[] ORDER_TIME = {'t'};

  private final Shelf meta;

  Records(Shelf meta) {
    this.meta = meta;
  }

  Optional<FoldProgress> progress(Id fit) {
    return meta.get(key(FIT, fit)).map(bytes -> StateRecords.decode(bytes, FoldProgress.class));
  }

  void keep(FoldProgress progress) {
    meta.put(key(FIT, progress.getFit()), StateRecords.encode(progress));
  }

  /** Forgets how far a fit has come, for good. */
  void forget(Id fit) {
    meta.delete(key(FIT, fit));
    meta.put(key(GONE, fit), new byte[0]);
  }

  /** Whether a fit was forgotten; its id is never used again. */
  boolean gone(Id fit) {
    return meta.get(key(GONE, fit)).isPresent();
  }

  Optional<OpenFlush> open(Id flush) {
    return meta.get(key(OPEN, flush)).map(bytes -> StateRecords.decode(bytes, OpenFlush.class));
  }

  void keep(OpenFlush open) {
    meta.put(key(OPEN, open.getFlush()), StateRecords.encode(open));
  }

  void close(Id flush) {
    meta.delete(key(OPEN, flush));
  }

  /** All flushes that have staged tiles. */
  List<Id> openFlushes() {
    return meta.keys(new byte[] {OPEN}).stream()
        .map(key -> new Id(Arrays.copyOfRange(key, 1, key.length)))
        .toList();
  }

  /** The latest time of an order about a flush; 0 before the first. */
  long orderTime() {
    return meta.get(ORDER_TIME).map(b -> ByteBuffer.wrap(b).getLong()).orElse(0L);
  }

  void keepOrderTime(long time) {
    meta.put(ORDER_TIME, ByteBuffer.allocate(Long.BYTES).putLong(time).array());
  }

  private static byte[] key(byte kind, Id id) {
    return ByteBuffer.allocate(1 + id.bytes().length).put(kind).put(id.bytes()).array();
  }
}
