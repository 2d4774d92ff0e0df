package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.message.Fit;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.FormatUnavailableException;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.MessageFormat;
import io.dume.schemas.wire.Wire;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class ExtractionFormatTest {
  private static final Instant NOW = Instant.EPOCH;
  private static final FlushPolicy NEVER =
      new FlushPolicy(Duration.ofDays(1), Long.MAX_VALUE, 1 << 20);

  private final Fit fit = Batches.fit();
  private final Registry registry = new Registry();
  private final Extraction extraction = extraction();

  /** A format that can be down. */
  private static final class Registry implements MessageFormat {
    private boolean down = true;

    private void requireUp() {
      if (down) {
        throw new FormatUnavailableException("down", new IllegalStateException());
      }
    }

    @Override
    public byte[] encode(String topic, SpecificRecord message) {
      requireUp();
      return Wire.encode(message);
    }

    @Override
    public SpecificRecord decode(byte[] bytes) throws MalformedMessageException {
      requireUp();
      return Wire.decode(bytes);
    }
  }

  private Extraction extraction() {
    Extraction made =
        new Extraction(
            "w",
            fit,
            NEVER,
            new TokenFeatures(),
            Batches.control(fit, Batches.experts()),
            Ids::random,
            registry,
            letter -> registry.encode("dead-letters", letter));
    made.assign(Map.of(0, 0L, 1, 0L));
    return made;
  }

  @Test
  void shouldNeitherCountNorSetAsideARecordThatItCannotReadNow() {
    TokenBatch batch = Batches.in(0, 2, Batches.batch("a", "math", Batches.tokens(1, 2)));
    var record =
        new ConsumerRecord<>("token-batches", 0, 0, batch.getId().bytes(), Wire.encode(batch));

    assertThatExceptionOfType(FormatUnavailableException.class)
        .isThrownBy(() -> extraction.take(record, NOW));

    assertThat(extraction.nothingNew()).isTrue();
    assertThat(extraction.processed()).containsEntry(0, 0L);
    registry.down = false;
    assertThat(extraction.take(record, NOW)).isEqualTo(Extraction.Step.TAKEN);
    List<FlushOutput> sent = new ArrayList<>();
    extraction.flush(NOW, sent::add);
    assertThat(sent).noneMatch(FlushOutput.Letter.class::isInstance);
    assertThat(((FlushOutput.Manifest) sent.get(sent.size() - 1)).manifest().getSlots())
        .singleElement()
        .satisfies(slot -> assertThat(slot.getRecords()).isEqualTo(1));
  }
}
