package io.dume.e2e.simulation;

import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * What a schedule is about.
 *
 * @param fit the first fit
 * @param steps how many steps anything may happen in
 * @param given nothing where anything may be sent and the control log may say anything; otherwise
 *     all that is sent, and the only list of experts
 */
record Plan(Fit fit, int steps, Optional<Given> given) {
  /** Records and the experts that they are for. */
  record Given(List<TokenBatch> batches, ExpertsChanged list) {}

  static Plan random(Random random, int steps) {
    int tokenPartitions = 1 + random.nextInt(3);
    int statisticsPartitions = 1 + random.nextInt(3);
    Fit shape =
        new Fit(
            new Id(new byte[Ids.BYTES]),
            "cc".repeat(32),
            "mlp-input",
            3 + random.nextInt(6),
            20,
            2 + random.nextInt(3),
            HashedFeatures.PROFILE,
            "",
            2 + random.nextInt(2),
            4 + random.nextInt(5),
            HashedFeatures.VOCABULARY,
            10,
            40,
            "",
            statisticsPartitions,
            IntStream.range(0, tokenPartitions).mapToObj(p -> new PartitionOffset(p, 0L)).toList());
    return new Plan(withId(shape), steps, Optional.empty());
  }

  static Fit withId(Fit fit) {
    return Fit.newBuilder(fit).setId(Ids.ofFit(fit)).build();
  }
}
