package io.dume.topology;

import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.wire.Wire;
import io.dume.topology.fold.Fold;
import io.dume.topology.fold.FoldConfig;
import io.dume.topology.fold.FoldOutput;
import io.dume.topology.fold.FoldStores;
import java.time.Instant;
import java.util.function.Function;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** Carries records to the fold and what it says to the sinks. */
final class FoldProcessor implements Processor<byte[], byte[], byte[], Addressed> {
  private final FoldConfig config;
  private final Function<DeadLetter, byte[]> lettersAs;
  private ProcessorContext<byte[], Addressed> context;
  private int partition;
  private Fold fold;

  FoldProcessor(FoldConfig config, Function<DeadLetter, byte[]> lettersAs) {
    this.config = config;
    this.lettersAs = lettersAs;
  }

  @Override
  public void init(ProcessorContext<byte[], Addressed> newContext) {
    context = newContext;
    partition = context.taskId().partition();
    fold =
        new Fold(
            config,
            partition,
            new FoldStores(
                shelf(FoldTopology.STAGING),
                shelf(FoldTopology.GRAM),
                shelf(FoldTopology.TARGET),
                shelf(FoldTopology.META)));
  }

  private StoreShelf shelf(String store) {
    return new StoreShelf(context.getStateStore(store));
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    long now = context.currentSystemTimeMs();
    fold.take(
        Arrivals.of(record, context), Instant.ofEpochMilli(now), output -> write(output, now));
  }

  private void write(FoldOutput output, long now) {
    if (output instanceof FoldOutput.LayerStatistics layer) {
      byte[] bytes = Wire.encode(layer.message());
      forward(FoldTopology.LAYERS, layer.key(), Addressed.to(partition, bytes), now);
    } else if (output instanceof FoldOutput.FitStopped stopped) {
      byte[] bytes = Wire.encode(stopped.failure());
      forward(FoldTopology.CONTROL, null, Addressed.to(0, bytes), now);
    } else if (output instanceof FoldOutput.Refused refused) {
      byte[] bytes = lettersAs.apply(refused.letter());
      forward(FoldTopology.DEAD_LETTERS, null, Addressed.to(0, bytes), now);
    } else if (output instanceof FoldOutput.CommitWanted) {
      context.commit();
    }
  }

  private void forward(String sink, byte[] key, Addressed message, long timestamp) {
    context.forward(new Record<>(key, message, timestamp), sink);
  }
}
