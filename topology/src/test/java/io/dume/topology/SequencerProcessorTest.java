package io.dume.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Fit;
import io.dume.schemas.wire.Wire;
import io.dume.topology.sequencer.CutPolicy;
import io.dume.topology.sequencer.SequencerConfig;
import io.dume.topology.synthetic.SyntheticFit;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SequencerProcessorTest {
  private static final int PARTITIONS = 1;

  private final MockProcessorContext<byte[], Addressed> context = new MockProcessorContext<>();
  private final SequencerProcessor processor =
      new SequencerProcessor(
          SequencerConfig.of(PARTITIONS, CutPolicy.ON_DEMAND), Topics.DEFAULT, DeadLetters::encode);

  @BeforeEach
  void open() {
    KeyValueStore<Bytes, byte[]> store =
        Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore(SequencerTopology.STATE),
                Serdes.Bytes(),
                Serdes.ByteArray())
            .withLoggingDisabled()
            .build();
    store.init(context.getStateStoreContext(), store);
    context.addStateStore(store);
    context.setRecordMetadata(Topics.DEFAULT.control(), 0, 0);
    context.setCurrentSystemTimeMs(0);
    processor.init(context);
  }

  @Test
  void shouldAskForACommitWhenItHasDecidedSomething() {
    // given
    Fit unfit = SyntheticFit.of("other partitions", 2, 5, 4, 1, PARTITIONS + 1);

    // when
    processor.process(created(unfit));

    // then
    assertThat(context.forwarded()).isNotEmpty();
    assertThat(context.committed()).isTrue();
  }

  @Test
  void shouldLeaveTheCommitToItsIntervalWhenNobodyWaits() {
    // given
    Fit fit = SyntheticFit.of("fit", 2, 5, 4, 1, PARTITIONS);

    // when
    processor.process(created(fit));

    // then
    assertThat(context.committed()).isFalse();
  }

  private static Record<byte[], byte[]> created(Fit fit) {
    return new Record<>(null, Wire.encode(SyntheticFit.created(SyntheticFit.ROUTER, fit)), 0);
  }
}
