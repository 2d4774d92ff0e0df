package io.dume.bench;

import io.dume.extractor.Extraction;
import io.dume.extractor.ExtractionModel;
import io.dume.extractor.FlushOutput;
import io.dume.extractor.FlushPolicy;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * All that a worker does with a record, without a cluster: it is decoded and judged, goes through
 * the model, is checked, and its rounded Gram matrices are added to the sums. Used by one thread.
 */
final class LocalWorker {
  static final int TILE = 256;
  static final int FRACTION_BITS = 20;

  private final Extraction extraction;
  private long offset;

  LocalWorker(ExtractionModel model) {
    ExtractionModel.Identity identity = model.identity();
    Fit draft =
        new Fit(
            Ids.random(),
            identity.backbone(),
            "mlp-input",
            identity.maxPositions(),
            FRACTION_BITS,
            TILE,
            identity.profile(),
            "",
            identity.layers(),
            identity.width(),
            identity.vocabulary(),
            identity.maxPositions(),
            1 << 16,
            identity.tokenizer(),
            1,
            List.of(new PartitionOffset(0, 0L)));
    Fit fit = Fit.newBuilder(draft).setId(Ids.ofFit(draft)).build();
    ControlState control = new ControlState();
    boolean known =
        control.apply(new FitCreated("default", fit, Instant.EPOCH, false))
            && control.apply(
                new ExpertsChanged(
                    "default",
                    1,
                    identity.experts(),
                    List.of(new DomainExpert(RandomLlama.EXPERT, RandomLlama.EXPERT)),
                    null,
                    List.of()));
    if (!known) {
      throw new IllegalStateException("the control log does not take a fit of this model");
    }
    FlushPolicy never = new FlushPolicy(Duration.ofDays(1), Long.MAX_VALUE, Long.MAX_VALUE);
    this.extraction = new Extraction("bench", fit, never, model, control, Ids::random);
    extraction.assign(Map.of(0, 0L));
  }

  /**
   * A record of random tokens.
   *
   * @param part tells it from others, since a record counts once
   * @param vocabulary tokens are below it
   * @param lengths the sequences' lengths
   */
  static TokenBatch record(int part, int vocabulary, int... lengths) {
    SplittableRandom random = new SplittableRandom(part);
    List<List<Integer>> sequences =
        Arrays.stream(lengths)
            .mapToObj(
                length ->
                    random
                        .ints(length, 0, vocabulary)
                        .boxed()
                        .<List<Integer>>collect(ArrayList::new, List::add, List::addAll))
            .toList();
    return new TokenBatch(
        Ids.ofRecord("bench", "random", part),
        "bench",
        "random",
        part,
        RandomLlama.EXPERT,
        false,
        "",
        sequences);
  }

  /** Takes a record whole. */
  void take(TokenBatch batch) {
    ConsumerRecord<byte[], byte[]> record =
        new ConsumerRecord<>("bench", 0, offset, batch.getId().bytes(), Wire.encode(batch));
    long before = extraction.snapshot().pendingTokens();
    Extraction.Step step = extraction.take(record, Instant.EPOCH);
    if (step != Extraction.Step.TAKEN || extraction.snapshot().pendingTokens() == before) {
      throw new IllegalStateException("record %d of the bench was not counted".formatted(offset));
    }
    offset++;
  }

  /** Gives everything that was taken, and starts again from nothing. */
  void flush(Consumer<? super FlushOutput> out) {
    extraction.flush(Instant.EPOCH, out);
    extraction.committed(Instant.EPOCH);
  }
}
