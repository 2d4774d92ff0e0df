package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CountedRecordsTest {
  private static final Id FIT = Batches.fit().getId();
  private static final Id SLOT = Ids.ofSlot("math", "mlp", false);
  private static final Id RECORD = Ids.ofRecord("test", "a", 0);

  private final CountedRecords counted = new CountedRecords(FIT);

  @BeforeEach
  void assign() {
    counted.assign(List.of(0, 1));
  }

  private boolean isCounted(int partition) {
    return counted.counted(partition, RECORD, SLOT::equals);
  }

  private Optional<String> restore(byte[] key, byte[] value) {
    return counted.restore(0, 5, key, Optional.of(value));
  }

  @Test
  void shouldCountWhatIsPendingAndForgetItWhenItIsDropped() {
    counted.add(0, RECORD, SLOT);
    boolean pending = isCounted(0);
    counted.dropped();

    assertThat(pending).isTrue();
    assertThat(isCounted(0)).isFalse();
  }

  @Test
  void shouldCountWhatIsCommittedOnlyAsLongAsItsSlotIsLive() {
    counted.add(0, RECORD, SLOT);
    counted.committed();

    assertThat(isCounted(0)).isTrue();
    assertThat(isCounted(1)).isFalse();
    assertThat(counted.counted(0, RECORD, slot -> false)).isFalse();
  }

  @Test
  void shouldReadOnWhereItStoppedAfterPartitionsCameBack() {
    restore(StatisticsKey.counted(FIT, RECORD), SLOT.bytes());

    counted.assign(List.of(0));

    assertThat(counted.from(0)).isEqualTo(6);
    assertThat(isCounted(0)).isTrue();
  }

  @Test
  void shouldForgetPartitionsThatOthersHaveNow() {
    restore(StatisticsKey.counted(FIT, RECORD), SLOT.bytes());
    counted.assign(List.of(1));

    counted.assign(List.of(0));

    assertThat(counted.from(0)).isZero();
    assertThat(isCounted(0)).isFalse();
  }

  @Test
  void shouldPassOverTheIdsOfOtherFits() {
    Optional<String> problem = restore(StatisticsKey.counted(SLOT, RECORD), SLOT.bytes());

    assertThat(problem).isEmpty();
    assertThat(isCounted(0)).isFalse();
  }

  @Test
  void shouldSayWhatIsWrongWithARecordAndChangeNothing() {
    Optional<String> shortKey = restore(new byte[31], SLOT.bytes());
    Optional<String> longValue = restore(StatisticsKey.counted(FIT, RECORD), new byte[17]);

    assertThat(shortKey).get().asString().contains("31 bytes", "32");
    assertThat(longValue).get().asString().contains("17 bytes", "16");
    assertThat(isCounted(0)).isFalse();
    assertThat(counted.from(0)).isEqualTo(6);
  }

  @Test
  void shouldCountNoLongerWhatHasATombstone() {
    restore(StatisticsKey.counted(FIT, RECORD), SLOT.bytes());

    counted.restore(0, 6, StatisticsKey.counted(FIT, RECORD), Optional.empty());

    assertThat(isCounted(0)).isFalse();
  }
}
