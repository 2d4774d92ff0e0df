package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.PartitionOffset;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class PositionsTest {
  private final Positions positions = new Positions();

  @Test
  void shouldCoverNothingBeforeAnythingIsRead() {
    positions.assign(0, 5);

    assertThat(positions.nothingNew()).isTrue();
    assertThat(positions.ranges()).isEmpty();
  }

  @Test
  void shouldCoverWhatIsNoRecordToo() {
    positions.assign(3, 5);
    positions.processed(3, 7);
    positions.advance(3, 9);

    assertThat(positions.ranges())
        .containsExactly(new CoveredRange(3, 5L, 9L, List.of(), List.of(), 0L));
  }

  @Test
  void shouldListWhatWasSetAsideOnceOnly() {
    positions.assign(0, 0);
    positions.setAside(0, 2, Reason.EMPTY_BATCH);
    var first = positions.ranges();
    positions.flushed();
    positions.processed(0, 3);

    assertThat(first.get(0).getSetAside())
        .extracting(s -> s.getOffset() + " " + s.getReason())
        .containsExactly("2 empty-batch");
    assertThat(positions.ranges().get(0).getSetAside()).isEmpty();
  }

  @Test
  void shouldRefuseToProcessARecordTwice() {
    positions.assign(0, 0);
    positions.processed(0, 4);

    assertThatThrownBy(() -> positions.processed(0, 4))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("offset 4");
  }

  @Property(tries = 200)
  void shouldGiveRangesThatTouch(@ForAll long seed) {
    Random random = new Random(seed);
    Positions walked = new Positions();
    long start = random.nextInt(100);
    walked.assign(0, start);
    long next = start;
    long covered = start;
    for (int i = 0; i < 50; i++) {
      next += random.nextInt(3);
      if (random.nextBoolean()) {
        walked.processed(0, next++);
      } else {
        walked.advance(0, next);
      }
      if (random.nextInt(4) == 0) {
        for (CoveredRange range : walked.ranges()) {
          assertThat(range.getFrom()).isEqualTo(covered);
          covered = range.getTo();
        }
        walked.flushed();
        assertThat(covered).isEqualTo(next);
      }
    }
  }

  private static CutRequested request(PartitionOffset... upTo) {
    return new CutRequested("default", "r", List.of(upTo), null, false);
  }

  @Test
  void shouldFlushForACutWhenAllPartitionsHaveReachedIt() {
    OpenCuts cuts = new OpenCuts();
    positions.assign(0, 0);
    positions.assign(1, 0);
    cuts.reset(
        List.of(
            request(
                new PartitionOffset(0, 2L),
                new PartitionOffset(1, 1L),
                new PartitionOffset(2, 9L))));
    positions.advance(0, 2);
    boolean early = cuts.due(positions);
    positions.advance(1, 5);

    assertThat(early).isFalse();
    assertThat(cuts.due(positions)).isTrue();
    positions.flushed();
    assertThat(cuts.due(positions)).isFalse();
  }

  @Test
  void shouldFlushAgainForTheSameCutWhenAnotherPartitionArrives() {
    OpenCuts cuts = new OpenCuts();
    CutRequested request = request(new PartitionOffset(0, 1L), new PartitionOffset(1, 1L));
    positions.assign(0, 3);
    cuts.reset(List.of(request));
    boolean nothingMissing = cuts.due(positions);
    positions.assign(1, 0);
    cuts.reset(List.of(request));
    positions.advance(1, 1);

    assertThat(nothingMissing).isFalse();
    assertThat(cuts.due(positions)).isTrue();
  }
}
