package io.dume.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class RecordCutterTest {
  private static final FeedConfig CONFIG =
      FeedConfig.defaults(KafkaSettings.of("localhost:1"), 4).withSequencesPerRecord(2);

  private static List<Reading> cut(
      TextEncoder encoder, FeedConfig config, String domain, String text) {
    List<Reading> readings = new ArrayList<>();
    new RecordCutter(encoder, Set.of("math", "novel"), config)
        .cut(new Reading.Document(domain, "file", "/a.txt#0", text, "/a.txt"))
        .forEachRemaining(readings::add);
    return readings;
  }

  private static List<Reading> cut(String domain, String text) {
    return cut(new CharacterEncoder(), CONFIG, domain, text);
  }

  private static void assertSetAside(List<Reading> readings, String reason, String detail) {
    assertThat(readings).hasSize(1);
    assertThat(readings.get(0)).isInstanceOf(Reading.Unusable.class);
    SetAsideDocument document = ((Reading.Unusable) readings.get(0)).document();
    assertThat(document.reason()).isEqualTo(reason);
    assertThat(document.detail()).contains(detail);
    assertThat(document.where()).isEqualTo("/a.txt");
  }

  @Test
  void shouldEndADocumentWithTheEndOfTextTokenAndCutIt() {
    List<Reading> readings = cut("math", "abcdefghi");

    TokenBatch first = ((Reading.Ready) readings.get(0)).batch();
    TokenBatch second = ((Reading.Ready) readings.get(1)).batch();
    assertThat(readings).hasSize(2);
    assertThat(first.getSequences())
        .containsExactly(List.of(97, 98, 99, 100), List.of(101, 102, 103, 104));
    assertThat(second.getSequences()).containsExactly(List.of(105, CharacterEncoder.END));
    assertThat(first.getTokenizer()).isEqualTo(CharacterEncoder.FINGERPRINT);
    assertThat(((Reading.Ready) readings.get(0)).last()).isFalse();
    assertThat(((Reading.Ready) readings.get(1)).last()).isTrue();
  }

  @Test
  void shouldBeginADocumentOnlyWhereTheTokenizerDoes() {
    List<Reading> readings = cut(new CharacterEncoder(OptionalInt.of(1)), CONFIG, "math", "ab");

    assertThat(((Reading.Ready) readings.get(0)).batch().getSequences())
        .containsExactly(List.of(1, 97, 98, CharacterEncoder.END));
  }

  @Test
  void shouldMarkHeldOutRecords() {
    List<Reading> readings = cut(new CharacterEncoder(), CONFIG.withHeldOut(true), "math", "ab");

    assertThat(((Reading.Ready) readings.get(0)).batch().getHeldOut()).isTrue();
  }

  @Test
  void shouldSetAsideADomainNobodyKnows() {
    assertSetAside(
        cut("poetry", "ab"), "unknown-domain", "\"poetry\": the domains are math, novel");
  }

  @Test
  void shouldSetAsideAnEmptyText() {
    assertSetAside(cut("math", ""), "empty-text", "no tokens");
  }

  @Test
  void shouldSetAsideAWholeDocumentWithATokenOutsideTheVocabulary() {
    assertSetAside(cut("math", "abcdefghijklé"), "token-out-of-vocabulary", "id 233 at token 12");
  }

  @Property(tries = 200)
  void shouldLoseAndRepeatNoToken(
      @ForAll @AlphaChars @StringLength(min = 1, max = 200) String text,
      @ForAll @IntRange(min = 1, max = 9) int contextDim,
      @ForAll @IntRange(min = 1, max = 5) int sequences) {
    FeedConfig config =
        FeedConfig.defaults(KafkaSettings.of("localhost:1"), contextDim)
            .withSequencesPerRecord(sequences);
    List<TokenBatch> batches =
        cut(new CharacterEncoder(), config, "novel", text).stream()
            .map(r -> ((Reading.Ready) r).batch())
            .toList();

    StringBuilder joined = new StringBuilder();
    for (int part = 0; part < batches.size(); part++) {
      TokenBatch batch = batches.get(part);
      assertThat(batch.getPart()).isEqualTo(part);
      assertThat(batch.getId()).isEqualTo(Ids.ofRecord("file", "/a.txt#0", part));
      assertThat(batch.getSequences()).hasSizeBetween(1, sequences);
      for (List<Integer> sequence : batch.getSequences()) {
        assertThat(sequence).hasSizeBetween(1, contextDim);
        sequence.forEach(id -> joined.append((char) (int) id));
      }
    }
    assertThat(joined.toString()).isEqualTo(text + (char) CharacterEncoder.END);
  }
}
