package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.common.utils.Utils;

/** Records and fits for tests. */
final class Batches {
  static final int CONTEXT = 6;
  static final int MAX_SEQUENCE = 10;
  static final int MAX_RECORD = 40;
  static final int TILE = 3;
  static final int FRACTION_BITS = 20;

  private Batches() {}

  static TokenBatch batch(String document, String domain, int[]... sequences) {
    return new TokenBatch(
        Ids.ofRecord("test", document, 0),
        "test",
        document,
        0,
        domain,
        false,
        TokenFeatures.TOKENIZER,
        Arrays.stream(sequences).map(s -> Arrays.stream(s).boxed().toList()).toList());
  }

  /** Where the default partitioner puts a record. */
  static int partition(TokenBatch batch, int partitions) {
    return Utils.toPositive(Utils.murmur2(batch.getId().bytes())) % partitions;
  }

  /** The first part of the batch's document that belongs into a partition. */
  static TokenBatch in(int partition, int partitions, TokenBatch batch) {
    return IntStream.iterate(batch.getPart(), part -> part + 1)
        .mapToObj(
            part ->
                TokenBatch.newBuilder(batch)
                    .setPart(part)
                    .setId(Ids.ofRecord(batch.getSource(), batch.getDocument(), part))
                    .build())
        .filter(moved -> partition(moved, partitions) == partition)
        .findFirst()
        .orElseThrow();
  }

  /** What the control log says when the fit was created with a list of experts. */
  static ControlState control(Fit fit, ExpertsChanged experts) {
    ControlState control = new ControlState();
    assertThat(control.apply(new FitCreated("default", fit, Instant.EPOCH, false))).isTrue();
    assertThat(control.apply(experts)).isTrue();
    return control;
  }

  static int[] tokens(int... ids) {
    return ids;
  }

  static Fit fit() {
    Fit fit =
        new Fit(
            Ids.random(),
            "cc".repeat(32),
            "mlp-input",
            CONTEXT,
            FRACTION_BITS,
            TILE,
            new ExtractionProfile("cpu", "none", "a formula", "float64"),
            "",
            TokenFeatures.LAYERS,
            TokenFeatures.WIDTH,
            TokenFeatures.VOCABULARY,
            MAX_SEQUENCE,
            MAX_RECORD,
            TokenFeatures.TOKENIZER,
            2,
            List.of(new PartitionOffset(0, 0L), new PartitionOffset(1, 0L)));
    return Fit.newBuilder(fit).setId(Ids.ofFit(fit)).build();
  }

  static ExpertsChanged experts() {
    return new ExpertsChanged(
        "default",
        1,
        TokenFeatures.EXPERTS,
        List.of(new DomainExpert("novel", "novel"), new DomainExpert("math", "math")),
        null,
        List.of());
  }
}
