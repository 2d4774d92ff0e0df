package io.dume.extractor;

import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import java.util.Arrays;
import java.util.List;

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
        List.of(new DomainExpert("novel", "novel"), new DomainExpert("math", "math")));
  }
}
