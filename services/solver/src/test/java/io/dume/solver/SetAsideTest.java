package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class SetAsideTest {
  private final SetAside aside = new SetAside(10_000);

  static ConsumerRecord<byte[], byte[]> record(byte[] value) {
    return new ConsumerRecord<>(
        "layer-statistics",
        1,
        7,
        0,
        TimestampType.CREATE_TIME,
        0,
        value.length,
        new byte[0],
        value,
        new RecordHeaders(),
        Optional.empty());
  }

  @Test
  void shouldKeepRecordsWholeInTheirOrder() {
    aside.add(record(new byte[] {1}), "first", Instant.EPOCH);
    aside.add(record(new byte[] {2}), "second", Instant.EPOCH);

    assertThat(aside.letters())
        .extracting(DeadLetter::getDetail)
        .containsExactly("first", "second");
    assertThat(aside.full()).isFalse();
  }

  @Test
  void shouldBeFullOfLargeRecords() {
    aside.add(record(new byte[10_000]), "large", Instant.EPOCH);

    assertThat(aside.full()).isTrue();
  }

  @Test
  void shouldBeFullOfManyEmptyRecords() {
    for (int i = 0; i < 10; i++) {
      aside.add(record(new byte[0]), "empty", Instant.EPOCH);
    }

    assertThat(aside.full()).isTrue();
  }

  @Test
  void shouldOnlySayWhereARecordStandsThatNoMessageHasRoomFor() {
    aside.add(record(new byte[Topics.MAX_MESSAGE_BYTES + 1]), "huge", Instant.EPOCH);

    assertThat(aside.full()).isFalse();
    DeadLetter letter = aside.letters().get(0);
    assertThat(letter.getValue()).isEmpty();
    assertThat(letter.getDetail()).contains("huge (16777217 bytes");
    assertThat(letter.getOffset()).isEqualTo(7);
  }

  @Test
  void shouldHaveRoomAgainWhenCleared() {
    aside.add(record(new byte[10_000]), "large", Instant.EPOCH);

    aside.clear();

    assertThat(aside.full()).isFalse();
    assertThat(aside.isEmpty()).isTrue();
  }
}
