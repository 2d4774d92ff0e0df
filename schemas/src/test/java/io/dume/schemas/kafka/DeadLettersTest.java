package io.dume.schemas.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.wire.Wire;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class DeadLettersTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00.123456Z");

  private static ConsumerRecord<byte[], byte[]> record(byte[] key, byte[] value) {
    return new ConsumerRecord<>(
        "batches",
        3,
        17,
        1_700_000_000_000L,
        TimestampType.CREATE_TIME,
        0,
        0,
        key,
        value,
        new RecordHeaders().add("trace", new byte[] {1}).add("empty", null),
        Optional.empty());
  }

  @Test
  void shouldKeepARecordWholeWithItsCoordinates() throws Exception {
    byte[] key = "key".getBytes(StandardCharsets.UTF_8);
    byte[] value = "value".getBytes(StandardCharsets.UTF_8);

    DeadLetter letter =
        Wire.decode(
            DeadLetters.encode(
                DeadLetters.of(record(key, value), "worker", "unknown-domain", "why", NOW)),
            DeadLetter.class);

    assertThat(letter.getTopic()).isEqualTo("batches");
    assertThat(letter.getPartition()).isEqualTo(3);
    assertThat(letter.getOffset()).isEqualTo(17);
    assertThat(letter.getTimestamp()).isEqualTo(Instant.ofEpochMilli(1_700_000_000_000L));
    assertThat(letter.getReason()).isEqualTo("unknown-domain");
    assertThat(letter.getDetail()).isEqualTo("why");
    assertThat(letter.getService()).isEqualTo("worker");
    assertThat(letter.getKey()).hasValueSatisfying(k -> assertThat(k.array()).isEqualTo(key));
    assertThat(letter.getValue()).hasValueSatisfying(v -> assertThat(v.array()).isEqualTo(value));
    assertThat(letter.getHeaders()).extracting(h -> h.getKey()).containsExactly("trace", "empty");
    assertThat(letter.getSetAsideAt()).isEqualTo(Instant.parse("2026-01-01T00:00:00.123Z"));
  }

  @Test
  void shouldTellATombstoneFromAnEmptyValue() throws Exception {
    DeadLetter tombstone = DeadLetters.of(record(null, null), "worker", "malformed", "", NOW);
    DeadLetter empty = DeadLetters.of(record(null, new byte[0]), "worker", "malformed", "", NOW);

    assertThat(Wire.decode(DeadLetters.encode(tombstone), DeadLetter.class).getValue()).isEmpty();
    assertThat(Wire.decode(DeadLetters.encode(empty), DeadLetter.class).getValue()).isPresent();
  }

  @Test
  void shouldKeepWhatIsQuotedShort() throws Exception {
    String endless = "\uD83D\uDE00".repeat(100_000);
    ConsumerRecord<byte[], byte[]> record = record(null, new byte[Topics.MAX_MESSAGE_BYTES / 2]);
    record.headers().add(endless, new byte[0]);
    DeadLetter direct =
        DeadLetter.newBuilder(DeadLetters.of(record, "worker", endless, "x" + endless, NOW))
            .setDetail("x" + endless)
            .build();

    byte[] bytes = DeadLetters.encode(direct);

    DeadLetter letter = Wire.decode(bytes, DeadLetter.class);
    assertThat(letter.getReason()).hasSizeLessThan(4200).endsWith("... (200000 characters)");
    assertThat(letter.getDetail()).hasSizeLessThan(4200).doesNotContain("?");
    assertThat(letter.getHeaders()).hasSize(3).allMatch(h -> h.getKey().length() < 4200);
    assertThat(letter.getValue()).isPresent();
  }

  @Test
  void shouldLeaveARecordOutWhoseHeadersAloneAreTooLarge() throws Exception {
    ConsumerRecord<byte[], byte[]> record = record(null, new byte[10]);
    record.headers().add("large", new byte[Topics.MAX_MESSAGE_BYTES]);

    byte[] bytes = DeadLetters.encode(DeadLetters.of(record, "worker", "malformed", "why", NOW));

    assertThat(bytes).hasSizeLessThan(10_000);
    assertThat(Wire.decode(bytes, DeadLetter.class).getDetail()).contains("offset 17 of batches");
  }

  @Test
  void shouldFitTheTopicHoweverLargeTheRecordWas() throws Exception {
    byte[] value = new byte[Topics.MAX_MESSAGE_BYTES];

    byte[] bytes =
        DeadLetters.encode(DeadLetters.of(record(null, value), "worker", "malformed", "why", NOW));

    assertThat(bytes).hasSizeLessThan(Topics.MAX_MESSAGE_BYTES);
    assertThat(Wire.decode(bytes, DeadLetter.class).getDetail())
        .contains("why")
        .contains("partition 3, offset 17 of batches");
  }
}
