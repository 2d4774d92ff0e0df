package io.dume.topology.sequencer;

import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.ExpectedTile;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LargestDiagonal;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.statistics.TileGrid;
import io.dume.schemas.wire.Ids;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Judges a manifest against what is known of its fit; changes nothing. */
final class ManifestCheck {
  private static final String MALFORMED = "malformed-manifest";
  private static final String INCOMPLETE = "incomplete-manifest";

  private final FitProgress progress;
  private final ExpertList list;
  private final FlushManifest manifest;

  /**
   * @param progress of the manifest's fit
   * @param list the fit's experts now and ever: a flush may be on its way when its domain leaves
   */
  ManifestCheck(FitProgress progress, ExpertList list, FlushManifest manifest) {
    this.progress = progress;
    this.list = list;
    this.manifest = manifest;
  }

  Verdict judge() {
    if (progress.failure().isPresent()) {
      return new Verdict.Refused("fit-failed", "the fit was stopped: " + progress.failure().get());
    }
    // Positions come before everything else: a flush that is seen again is an overlap, whatever
    // else is wrong with it, and a fit with a hole must not go on.
    return ranges()
        .or(this::overlap)
        .or(this::gap)
        .or(this::slots)
        .or(this::tiles)
        .or(this::diagonals)
        .or(this::overflow)
        .orElseGet(Verdict.Counts::new);
  }

  private static Optional<Verdict> refused(String reason, String detail, Object... values) {
    return Optional.of(new Verdict.Refused(reason, detail.formatted(values)));
  }

  private Optional<Verdict> ranges() {
    Set<Integer> seen = new HashSet<>();
    long room = 0;
    for (CoveredRange range : manifest.getRanges()) {
      if (progress.next(range.getPartition()).isEmpty() || !seen.add(range.getPartition())) {
        return refused(
            MALFORMED,
            "a range of partition %d, which the fit does not have or the manifest has twice",
            range.getPartition());
      }
      long length = range.getTo() - range.getFrom();
      if (range.getFrom() < 0 || range.getTo() < range.getFrom()) {
        return refused(
            MALFORMED,
            "a range [%d, %d) of partition %d",
            range.getFrom(),
            range.getTo(),
            range.getPartition());
      }
      if (range.getLeftOut() < 0 || range.getLeftOut() > length) {
        return refused(
            MALFORMED,
            "%d records left out of [%d, %d) of partition %d",
            range.getLeftOut(),
            range.getFrom(),
            range.getTo(),
            range.getPartition());
      }
      long named = (long) range.getSetAside().size() + range.getDuplicates().size();
      if (named > length - range.getLeftOut() || !within(range)) {
        return refused(
            MALFORMED,
            "offsets set aside, counted before or left out that have no room in [%d, %d) of partition %d",
            range.getFrom(),
            range.getTo(),
            range.getPartition());
      }
      room = saturatedAdd(room, length - range.getLeftOut() - named);
    }
    if (seen.isEmpty()) {
      return refused(MALFORMED, "a manifest without ranges covers nothing");
    }
    long records = 0;
    for (SlotCount slot : manifest.getSlots()) {
      records = saturatedAdd(records, slot.getRecords());
    }
    if (records > room) {
      return refused(MALFORMED, "%d records counted in ranges that hold %d", records, room);
    }
    return Optional.empty();
  }

  private static boolean within(CoveredRange range) {
    Set<Long> offsets = new HashSet<>();
    return range.getSetAside().stream()
            .allMatch(s -> inside(range, s.getOffset()) && offsets.add(s.getOffset()))
        && range.getDuplicates().stream()
            .allMatch(d -> inside(range, d.getOffset()) && offsets.add(d.getOffset()));
  }

  private static boolean inside(CoveredRange range, long offset) {
    return offset >= range.getFrom() && offset < range.getTo();
  }

  private static long saturatedAdd(long a, long b) {
    long sum = a + b;
    return ((a ^ sum) & (b ^ sum)) < 0 ? Long.MAX_VALUE : sum;
  }

  private Optional<Verdict> overlap() {
    for (CoveredRange range : manifest.getRanges()) {
      long next = next(range);
      if (range.getFrom() < next) {
        return refused(
            "overlap",
            "[%d, %d) of partition %d, where everything before %d has been counted",
            range.getFrom(),
            range.getTo(),
            range.getPartition(),
            next);
      }
    }
    return Optional.empty();
  }

  private Optional<Verdict> gap() {
    for (CoveredRange range : manifest.getRanges()) {
      long next = next(range);
      if (range.getFrom() > next) {
        return Optional.of(
            new Verdict.StopsFit(
                "gap",
                "flush %s covers [%d, %d) of partition %d, but [%d, %d) never arrived: replay into a new fit"
                    .formatted(
                        Ids.hex(manifest.getFlush()),
                        range.getFrom(),
                        range.getTo(),
                        range.getPartition(),
                        next,
                        range.getFrom())));
      }
    }
    return Optional.empty();
  }

  private long next(CoveredRange range) {
    return progress.next(range.getPartition()).orElseThrow();
  }

  private Optional<Verdict> slots() {
    if (manifest.getExpertsVersion() > list.version()) {
      // A record may count in it only because an earlier list took it away elsewhere.
      return Optional.of(
          new Verdict.Waits(
              "unknown-list",
              "its records were judged by list %d of experts of router %s, and the last is %d"
                  .formatted(manifest.getExpertsVersion(), progress.router(), list.version())));
    }
    Set<Id> seen = new HashSet<>();
    for (SlotCount slot : manifest.getSlots()) {
      Id id = Ids.ofSlot(slot.getDomain(), slot.getExpertMlp(), slot.getHeldOut(), slot.getSince());
      if (!slot.getSlot().equals(id) || !seen.add(id)) {
        return refused(
            MALFORMED, "a slot of domain %s whose id is wrong or there twice", slot.getDomain());
      }
      long most = progress.fit().getMaxRecordTokens();
      if (slot.getRecords() < 1
          || slot.getTokens() < slot.getRecords()
          || (slot.getTokens() - 1) / most >= slot.getRecords()) {
        return refused(
            MALFORMED,
            "%d tokens in %d records of domain %s, where a record has 1 to %d",
            slot.getTokens(),
            slot.getRecords(),
            slot.getDomain(),
            most);
      }
      if (!list.everLive(slot)) {
        return Optional.of(
            new Verdict.Waits(
                "unknown-domain",
                "domain %s with MLPs %s was in no list of experts of router %s from version %d on"
                    .formatted(
                        slot.getDomain(),
                        slot.getExpertMlp(),
                        progress.router(),
                        slot.getSince())));
      }
    }
    return Optional.empty();
  }

  private Optional<Verdict> tiles() {
    TileGrid grid = progress.grid();
    int layers = progress.fit().getLayers();
    int slots = manifest.getSlots().size();
    List<ExpectedTile> tiles = manifest.getTiles();
    // In a long: what is expected may be far more than any message could list.
    long expected = (long) layers * slots * (grid.tiles() + 1L);
    if (tiles.size() != expected) {
      return refused(INCOMPLETE, "%d tiles listed where %d belong", tiles.size(), expected);
    }
    BitSet seen = new BitSet(tiles.size());
    for (ExpectedTile tile : tiles) {
      boolean target = tile.getKind() == StatisticsKind.TARGET;
      boolean placed =
          target
              ? tile.getRow() == 0 && tile.getCol() == 0
              : grid.contains(tile.getRow(), tile.getCol());
      if (tile.getLayer() < 0
          || tile.getLayer() >= layers
          || tile.getSlot() < 0
          || tile.getSlot() >= slots
          || !placed) {
        return refused(INCOMPLETE, "a tile that the fit does not have: %s", tile);
      }
      int place = target ? grid.tiles() : grid.index(tile.getRow(), tile.getCol());
      int group = tile.getLayer() * slots + tile.getSlot();
      int at = group * (grid.tiles() + 1) + place;
      if (seen.get(at)) {
        return refused(INCOMPLETE, "a tile that is listed twice: %s", tile);
      }
      seen.set(at);
    }
    return Optional.empty();
  }

  private Optional<Verdict> diagonals() {
    int layers = progress.fit().getLayers();
    int slots = manifest.getSlots().size();
    long expected = (long) layers * slots;
    if (manifest.getDiagonals().size() != expected) {
      return refused(
          INCOMPLETE,
          "%d largest diagonal entries where %d belong",
          manifest.getDiagonals().size(),
          expected);
    }
    BitSet seen = new BitSet();
    for (LargestDiagonal diagonal : manifest.getDiagonals()) {
      int layer = diagonal.getLayer();
      int slot = diagonal.getSlot();
      if (layer < 0 || layer >= layers || slot < 0 || slot >= slots) {
        return refused(INCOMPLETE, "a diagonal entry that the fit does not have: %s", diagonal);
      }
      if (seen.get(layer * slots + slot)) {
        return refused(INCOMPLETE, "a diagonal entry that is listed twice: %s", diagonal);
      }
      seen.set(layer * slots + slot);
    }
    return Optional.empty();
  }

  private Optional<Verdict> overflow() {
    for (LargestDiagonal diagonal : manifest.getDiagonals()) {
      SlotCount slot = manifest.getSlots().get(diagonal.getSlot());
      // The corner of the matrix is on its diagonal and holds the tokens.
      boolean countable = slot.getTokens() < FixedPoint.LIMIT >> progress.fit().getFractionBits();
      if (countable && diagonal.getValue() < progress.fixedPoint().ofCount(slot.getTokens())) {
        return refused(
            MALFORMED,
            "the largest diagonal entry of layer %d, %d, is less than %d tokens give",
            diagonal.getLayer(),
            diagonal.getValue(),
            slot.getTokens());
      }
      // Of what was taken away nothing is added, so it can't stop a fit either.
      if (!countable && list.live(slot)) {
        return overflows("%d tokens of domain %s".formatted(slot.getTokens(), slot.getDomain()));
      }
    }
    long[] sums = new long[progress.fit().getLayers()];
    for (int layer = 0; layer < sums.length; layer++) {
      sums[layer] = progress.bound(layer);
    }
    for (LargestDiagonal diagonal : manifest.getDiagonals()) {
      int layer = diagonal.getLayer();
      if (!list.live(manifest.getSlots().get(diagonal.getSlot()))) {
        continue;
      }
      if (diagonal.getValue() >= FixedPoint.LIMIT - sums[layer]) {
        return overflows("the sums of layer %d".formatted(layer));
      }
      sums[layer] += diagonal.getValue();
    }
    return Optional.empty();
  }

  private Optional<Verdict> overflows(String what) {
    return Optional.of(
        new Verdict.StopsFit(
            "overflow",
            "flush %s could carry %s past 2^62 at %d fraction bits: start a new fit, or one with fewer fraction bits"
                .formatted(Ids.hex(manifest.getFlush()), what, progress.fit().getFractionBits())));
  }
}
