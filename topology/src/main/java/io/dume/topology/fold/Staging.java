package io.dume.topology.fold;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.OpenFlush;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.StatisticsKey;
import io.dume.schemas.wire.Wire;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Tiles that wait for the order to apply their flush. What never gets one must not stay for ever:
 * see {@link #sweep}.
 */
final class Staging {
  /** Far more tiles than the flushes of any model have that wait at once. */
  private static final int MOST_LOOKS = 1 << 16;

  private final Shelf tiles;
  private final Records records;
  private final int partition;
  private final int partitions;
  private final Duration strayAge;

  /**
   * What was seen of tiles when they came, while the processor had them at hand for their digest.
   * Of others, such as those staged before a restart, it is looked for again.
   */
  private final Map<ByteBuffer, StagedTile.Look> looks = new HashMap<>();

  private long lastSweep;

  Staging(Shelf tiles, Records records, int partition, FoldConfig config) {
    this.tiles = tiles;
    this.records = records;
    this.partition = partition;
    this.partitions = config.statisticsPartitions();
    this.strayAge = config.strayAge();
  }

  /** Stages a tile; gives what is wrong with it if it is not staged. */
  Optional<String> stage(StatisticsTile tile, Incoming in, Instant now) {
    Optional<String> problem = problem(tile, in);
    if (problem.isPresent()) {
      return problem;
    }
    // The message as it is: to keep the values alone would be to copy them.
    byte[] key = in.key().orElseThrow();
    tiles.put(key, in.value().orElseThrow());
    keepLook(key, tile);
    // By our clock, not by the worker's: one that is slow would make its flush look forgotten.
    long since = Math.max(records.orderTime(), now.toEpochMilli());
    OpenFlush open =
        records
            .open(tile.getFlush())
            .map(
                o ->
                    new OpenFlush(
                        o.getFlush(), o.getFirst(), in.offset(), o.getTiles() + 1, o.getSince()))
            .orElseGet(
                () ->
                    new OpenFlush(
                        tile.getFlush(),
                        in.offset(),
                        in.offset(),
                        1L,
                        Instant.ofEpochMilli(since)));
    records.keep(open);
    return Optional.empty();
  }

  private void keepLook(byte[] key, StatisticsTile tile) {
    ByteBuffer name = ByteBuffer.wrap(key);
    // Of an earlier tile of that name, which this one replaces.
    looks.remove(name);
    if (looks.size() < MOST_LOOKS) {
      boolean square = tile.getKind() == StatisticsKind.GRAM && tile.getRow() == tile.getCol();
      looks.put(name, StagedTile.of(tile.getValues()).look(square));
    }
  }

  private Optional<String> problem(StatisticsTile tile, Incoming in) {
    if (tile.getLayer() < 0
        || tile.getLayer() > Short.MAX_VALUE
        || tile.getRow() < 0
        || tile.getRow() > Short.MAX_VALUE
        || tile.getCol() < 0
        || tile.getCol() > Short.MAX_VALUE) {
      return Optional.of(
          "layer %d, tile (%d, %d) can't exist"
              .formatted(tile.getLayer(), tile.getRow(), tile.getCol()));
    }
    if (Ids.partition(tile.getFit(), tile.getLayer(), partitions) != partition) {
      return Optional.of(
          "layer %d of fit %s belongs into partition %d of %d"
              .formatted(
                  tile.getLayer(),
                  Ids.hex(tile.getFit()),
                  Ids.partition(tile.getFit(), tile.getLayer(), partitions),
                  partitions));
    }
    long digest = Tiles.digest(tile.getValues());
    if (digest != tile.getDigest()) {
      return Optional.of(
          "its digest is %016x where the values give %016x".formatted(tile.getDigest(), digest));
    }
    byte[] key =
        key(
            tile.getFlush(),
            tile.getLayer(),
            tile.getSlot(),
            tile.getKind(),
            tile.getRow(),
            tile.getCol(),
            digest);
    if (!Arrays.equals(key, in.key().orElse(new byte[0]))) {
      return Optional.of("its key is not that of the tile");
    }
    return Optional.empty();
  }

  private static byte[] key(
      Id flush, int layer, Id slot, StatisticsKind kind, int row, int col, long digest) {
    return StatisticsKey.staged(flush, layer, slot, kind, row, col, digest);
  }

  private static Id slot(byte[] stagedKey) {
    int at = Ids.BYTES + Short.BYTES;
    return new Id(Arrays.copyOfRange(stagedKey, at, at + Ids.BYTES));
  }

  /** A staged tile, or nothing if it never came. */
  Optional<StagedTile> get(byte[] key) {
    Optional<StagedTile> tile = tiles.get(key).map(Staging::values);
    return Optional.ofNullable(looks.get(ByteBuffer.wrap(key)))
        .flatMap(look -> tile.map(t -> t.seen(look)))
        .or(() -> tile);
  }

  private static StagedTile values(byte[] staged) {
    try {
      return StagedTile.of(Wire.decode(staged, StatisticsTile.class).getValues());
    } catch (MalformedMessageException e) {
      // Earlier versions kept the values alone.
      return StagedTile.of(staged);
    }
  }

  /** Takes a tile out that has been added. */
  void delete(byte[] key) {
    tiles.delete(key);
    looks.remove(ByteBuffer.wrap(key));
  }

  /**
   * A flush has been added and its tiles are deleted; what is left under its name belongs to slots
   * that were taken away, or was not in its manifest.
   */
  void applied(ApplyFlush applied, Incoming order, Instant now, Consumer<FoldOutput> out) {
    Id flush = applied.getFlush();
    Optional<OpenFlush> open = records.open(flush);
    if (open.isPresent() && open.get().getTiles() > applied.getTiles().size()) {
      Set<Id> takenAway = Set.copyOf(applied.getTakenAway());
      int left = deleteAll(flush, key -> !takenAway.contains(slot(key)));
      if (left > 0) {
        out.accept(
            refused(
                open.get(),
                order.partition(),
                "stray-tiles",
                "%d tiles of flush %s that its manifest does not list"
                    .formatted(left, Ids.hex(flush)),
                now));
      }
    }
    records.close(flush);
  }

  /** Forgets a flush that does not count; its tiles are named in dead-letters, not copied. */
  void discard(
      Id flush, TopicPartition topic, String reason, Instant now, Consumer<FoldOutput> out) {
    Optional<OpenFlush> open = records.open(flush);
    if (open.isEmpty()) {
      return;
    }
    deleteAll(flush, key -> true);
    records.close(flush);
    out.accept(
        refused(
            open.get(),
            topic,
            reason,
            "%d tiles of flush %s, at offsets %d to %d"
                .formatted(
                    open.get().getTiles(),
                    Ids.hex(flush),
                    open.get().getFirst(),
                    open.get().getLast()),
            now));
  }

  /** Deletes the tiles of a flush; gives how many of those that count were there. */
  private int deleteAll(Id flush, Predicate<byte[]> counts) {
    int counted = 0;
    for (byte[] key : tiles.keys(flush.bytes())) {
      delete(key);
      counted += counts.test(key) ? 1 : 0;
    }
    return counted;
  }

  private static FoldOutput refused(
      OpenFlush open, TopicPartition topic, String reason, String detail, Instant now) {
    DeadLetter letter =
        DeadLetters.of(
            topic,
            open.getFirst(),
            open.getSince().toEpochMilli(),
            Optional.of(open.getFlush().bytes()),
            Optional.empty(),
            new RecordHeaders(),
            Fold.SERVICE,
            reason,
            detail,
            now);
    return new FoldOutput.Refused(letter);
  }

  /**
   * An order about a flush has come: what is much older than it will never get one. Manifests are
   * ordered as they were committed, so the time of the orders, unlike the time of day, stands still
   * with the sequencer, and a flush that merely waits for it does not grow old.
   */
  void sweep(Incoming order, Instant now, Consumer<FoldOutput> out) {
    long last = records.orderTime();
    long time = Math.max(last, Math.min(order.orderTime(), now.toEpochMilli()));
    if (time > last) {
      records.keepOrderTime(time);
    }
    if (time - lastSweep < strayAge.toMillis() / 8) {
      return;
    }
    lastSweep = time;
    for (Id flush : records.openFlushes()) {
      boolean stray =
          records
              .open(flush)
              .filter(o -> o.getSince().toEpochMilli() < time - strayAge.toMillis())
              .isPresent();
      if (stray) {
        discard(flush, order.partition(), "stray-tiles", now, out);
      }
    }
  }
}
