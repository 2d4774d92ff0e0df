package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class ReceivedTest {
  private static final FoldedStatistics STATISTICS =
      new FoldedStatistics(FoldedStatistics.fit("received"), 1, 2, 2, 2);

  private static ConsumerRecord<byte[], byte[]> tileOf(int bytes) {
    LayerTile tile = new LayerTile(1L, Ids.random(), 0, 0, 0, ByteBuffer.allocate(bytes), false);
    return SetAsideTest.record(Wire.encode(tile));
  }

  private static ConsumerRecord<byte[], byte[]> cutOf(int bytes) {
    Cut cut = STATISTICS.cut("demo", 1, List.of(), Optional.empty());
    // Of many requests, not of one that is long: long strings are refused by themselves.
    List<String> requests = List.copyOf(Collections.nCopies(bytes / 1024, "a".repeat(1022)));
    return SetAsideTest.record(Wire.encode(Cut.newBuilder(cut).setRequests(requests).build()));
  }

  @Test
  void shouldNotDecodeAMessageLargerThanAnyTopicAllows() {
    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> Received.message(tileOf(Topics.MAX_MESSAGE_BYTES)))
        .withMessageContaining("at most 16777216");
  }

  @Test
  void shouldNotDecodeACutLargerThanItsTopicAllows() {
    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> Received.cut(cutOf(Topics.MAX_CUT_BYTES)))
        .withMessageContaining("at most 8388608");
  }

  @Test
  void shouldDecodeWhatIsSmaller() throws Exception {
    assertThat(Received.message(tileOf(Topics.MAX_MESSAGE_BYTES / 2)))
        .isInstanceOf(LayerTile.class);
    assertThat(Received.cut(cutOf(Topics.MAX_CUT_BYTES / 2)).getCut()).isEqualTo(1);
  }
}
