package io.dume.schemas.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FoldProgress;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.OpenFlush;
import io.dume.schemas.message.SequencerProgress;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class StateRecordsTest {
  private static <T extends SpecificRecord> T random(T prototype, Class<T> type, long seed) {
    return type.cast(RandomMessages.of(prototype.getSchema(), new Random(seed)));
  }

  @Property(tries = 200)
  void shouldGiveBackEveryRecordThatWasEncoded(@ForAll long seed) {
    SequencerProgress progress = random(new SequencerProgress(), SequencerProgress.class, seed);

    assertThat(StateRecords.decode(StateRecords.encode(progress), SequencerProgress.class))
        .isEqualTo(progress);
  }

  @Property(tries = 200)
  void shouldWriteTheBytesThatTheGeneratedCodeWrites(@ForAll long seed) throws IOException {
    OpenFlush open = random(new OpenFlush(), OpenFlush.class, seed);

    byte[] bytes = StateRecords.encode(open);

    byte[] generated = new byte[bytes.length];
    open.toByteBuffer().get(generated);
    assertThat(bytes).isEqualTo(generated);
  }

  @Test
  void shouldReadBackAStringHoweverLongItIs() {
    FoldProgress stopped =
        FoldProgress.newBuilder()
            .setFit(new Id(new byte[16]))
            .setSequence(1)
            .setWidth(8)
            .setTileSize(8)
            .setFractionBits(20)
            .setFailure("a".repeat(1 << 20))
            .build();

    assertThat(StateRecords.decode(StateRecords.encode(stopped), FoldProgress.class))
        .isEqualTo(stopped);
  }

  @Test
  void shouldNameTheRecordThatIsBroken() {
    byte[] bytes = StateRecords.encode(random(new OpenFlush(), OpenFlush.class, 1));

    assertThatIllegalStateException()
        .isThrownBy(
            () -> StateRecords.decode(Arrays.copyOf(bytes, bytes.length - 1), OpenFlush.class))
        .withMessageContaining("OpenFlush");
  }

  @Test
  void shouldTellThatALaterVersionMayHaveWrittenWhatHasAnUnknownSchema() {
    byte[] bytes = StateRecords.encode(random(new OpenFlush(), OpenFlush.class, 1));
    bytes[5] ^= 1;

    assertThatIllegalStateException()
        .isThrownBy(() -> StateRecords.decode(bytes, OpenFlush.class))
        .withMessageContaining("unknown schema fingerprint")
        .withMessageContaining("later version");
  }

  @Test
  void shouldRefuseARecordOfAnotherType() {
    byte[] bytes = StateRecords.encode(random(new OpenFlush(), OpenFlush.class, 1));

    assertThatIllegalStateException()
        .isThrownBy(() -> StateRecords.decode(bytes, FoldProgress.class))
        .withMessageContaining("a OpenFlush where a FoldProgress belongs");
  }

  @Test
  void shouldKeepMessagesAndStateApart() {
    FitFailed message = new FitFailed(Ids.random(), "gap");

    assertThatIllegalArgumentException().isThrownBy(() -> StateRecords.encode(message));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Wire.encode(random(new OpenFlush(), OpenFlush.class, 1)));
  }
}
