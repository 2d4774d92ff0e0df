package io.dume.extractor;

import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.ExpectedTile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LargestDiagonal;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.statistics.SymmetricSum;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The tiles of a flush, one after the other, and the manifest that lists them. */
final class FlushMessages {
  private final Id flush;
  private final Fit fit;
  private final String worker;
  private final int expertsVersion;
  private final List<SlotCount> counts = new ArrayList<>();
  private final List<ExpectedTile> expected = new ArrayList<>();
  private final List<LargestDiagonal> diagonals = new ArrayList<>();

  FlushMessages(Id flush, Fit fit, String worker, int expertsVersion) {
    this.flush = flush;
    this.fit = fit;
    this.worker = worker;
    this.expertsVersion = expertsVersion;
  }

  /**
   * Sends every tile of every slot and layer, making one at a time.
   *
   * @return the manifest, to be sent after them
   */
  FlushManifest send(
      Accumulator accumulator,
      List<CoveredRange> ranges,
      Instant now,
      Consumer<? super FlushOutput.Tile> sink) {
    for (SlotSum sum : accumulator.slots()) {
      int index = counts.size();
      counts.add(sum.count());
      for (int layer = 0; layer < sum.layers().size(); layer++) {
        send(sum, index, layer, accumulator.grid(), sink);
      }
    }
    return new FlushManifest(
        flush,
        fit.getId(),
        worker,
        ranges,
        counts,
        expected,
        diagonals,
        now.truncatedTo(ChronoUnit.MILLIS),
        expertsVersion);
  }

  private void send(
      SlotSum sum, int index, int layer, TileGrid grid, Consumer<? super FlushOutput.Tile> sink) {
    SymmetricSum matrix = sum.layers().get(layer);
    Id slot = sum.slot().id();
    for (TileGrid.Tile tile : grid.all()) {
      byte[] values = matrix.tile(tile.row(), tile.col());
      send(index, layer, slot, StatisticsKind.GRAM, tile.row(), tile.col(), values, sink);
    }
    send(index, layer, slot, StatisticsKind.TARGET, 0, 0, matrix.target(), sink);
    diagonals.add(new LargestDiagonal(layer, index, matrix.largestDiagonal()));
  }

  private void send(
      int index,
      int layer,
      Id slot,
      StatisticsKind kind,
      int row,
      int col,
      byte[] values,
      Consumer<? super FlushOutput.Tile> sink) {
    long digest = Tiles.digest(values);
    expected.add(new ExpectedTile(layer, index, kind, row, col, digest));
    sink.accept(
        new FlushOutput.Tile(
            Ids.partition(fit.getId(), layer, fit.getStatisticsPartitions()),
            StatisticsKey.staged(flush, layer, slot, kind, row, col, digest),
            new StatisticsTile(
                flush, fit.getId(), layer, slot, kind, row, col, digest, ByteBuffer.wrap(values))));
  }
}
