package io.dume.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Wire;
import io.dume.topology.sequencer.CutPolicy;
import io.dume.topology.sequencer.SequencerConfig;
import io.dume.topology.synthetic.SyntheticFit;
import io.dume.topology.synthetic.SyntheticFlush;
import java.util.List;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;
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

  private final Fit served = SyntheticFit.of("fit", 2, 5, 4, 1, PARTITIONS);
  private long controlOffset;
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
    context.setCurrentSystemTimeMs(0);
    processor.init(context);
  }

  @Test
  void shouldAskForACommitWhenItHasStoppedAFit() {
    // given
    Fit unfit = SyntheticFit.of("other partitions", 2, 5, 4, 1, PARTITIONS + 1);

    // when
    processor.process(created(unfit));

    // then
    assertThat(context.forwarded()).isNotEmpty();
    assertThat(context.committed()).isTrue();
  }

  @Test
  void shouldLeaveTheCommitToItsIntervalWhenItHasDecidedNothing() {
    // when
    processor.process(created(served));

    // then
    assertThat(context.committed()).isFalse();
  }

  @Test
  void shouldLeaveTheCommitOfAFlushToItsIntervalSoThatABacklogSharesIt() {
    // given
    started();

    // when
    processor.process(manifest(0, 10));

    // then
    assertThat(context.forwarded())
        .extracting(forwarded -> forwarded.childName().orElseThrow())
        .containsExactly(SequencerTopology.ORDERS);
    assertThat(context.committed()).isFalse();
  }

  @Test
  void shouldAskForACommitWhenItHasMadeACut() {
    // given
    started();
    processor.process(manifest(0, 10));
    processor.process(
        control(
            new CutRequested(
                SyntheticFit.ROUTER, "ask", List.of(new PartitionOffset(0, 20L)), null, false)));
    boolean before = context.committed();

    // when
    processor.process(manifest(10, 20));

    // then
    assertThat(before).isFalse();
    assertThat(context.forwarded())
        .extracting(forwarded -> forwarded.childName().orElseThrow())
        .contains(SequencerTopology.CUTS);
    assertThat(context.committed()).isTrue();
  }

  private void started() {
    processor.process(created(served));
    processor.process(control(SyntheticFit.experts(SyntheticFit.ROUTER, 1, "code")));
  }

  /** A flush of the fit that serves, from the manifests' topic. */
  private Record<byte[], byte[]> manifest(long from, long to) {
    context.setRecordMetadata(Topics.DEFAULT.flushManifests(), 0, from);
    FlushManifest manifest =
        SyntheticFlush.of(served, new Random(from))
            .range(0, from, to)
            .records("code", 2)
            .build()
            .manifest();
    return new Record<>(null, Wire.encode(manifest), 0);
  }

  private Record<byte[], byte[]> created(Fit fit) {
    return control(SyntheticFit.created(SyntheticFit.ROUTER, fit));
  }

  /** The next record of the control log. */
  private Record<byte[], byte[]> control(SpecificRecord message) {
    context.setRecordMetadata(Topics.DEFAULT.control(), 0, controlOffset++);
    return new Record<>(null, Wire.encode(message), 0);
  }
}
