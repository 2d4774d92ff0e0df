package io.dume.e2e.hostile;

import io.dume.e2e.GoldenOracle;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** A stranger's token batches, each of a document of its own and held out. Not thread-safe. */
final class TokenBatches {
  private final Random random;
  private final RandomMessages messages;
  private int made;

  TokenBatches(Random random, RandomMessages messages) {
    this.random = random;
    this.messages = messages;
  }

  /** One that counts, apart from what routers are made of. */
  TokenBatch right() {
    List<List<Integer>> sequences =
        IntStream.rangeClosed(0, random.nextInt(3)).mapToObj(s -> tokens()).toList();
    return batch(GoldenOracle.EXPERTS.get(random.nextInt(3)), sequences);
  }

  /** One with the right id that can't count for what is in it. */
  TokenBatch wrong() {
    return switch (random.nextInt(4)) {
      case 0 -> batch(messages.string() + "?", List.of(tokens()));
      case 1 -> {
        int token = random.nextBoolean() ? random.nextInt() | 1 << 30 : -random.nextInt(99) - 1;
        yield batch("e1", List.of(tokens(), List.of(token)));
      }
      case 2 -> batch("e2", random.nextBoolean() ? List.of() : List.of(List.of()));
      default -> batch("e0", List.of(Collections.nCopies(70_000, 1)));
    };
  }

  private List<Integer> tokens() {
    return random.ints(1 + random.nextInt(8), 0, GoldenOracle.VOCABULARY).boxed().toList();
  }

  private TokenBatch batch(String domain, List<List<Integer>> sequences) {
    String document = "hostile-" + made++;
    Id id = Ids.ofRecord("stranger", document, 0);
    return new TokenBatch(id, "stranger", document, 0, domain, true, "", sequences);
  }
}
