package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class CountedIdsTest {
  private static final List<Id> SLOTS =
      IntStream.range(0, 5).mapToObj(i -> Ids.ofSlot("domain-" + i, "mlp", false)).toList();

  private final CountedIds table = new CountedIds();

  private static Id id(long high, long low) {
    return new Id(ByteBuffer.allocate(Ids.BYTES).putLong(high).putLong(low).array());
  }

  private static Id random(Random random) {
    // Few first bits, so that many ids want the same place, at the end of the table too.
    return id(random.nextInt(4) - 2L << 40 | random.nextInt(1000), random.nextInt(3));
  }

  @Property(tries = 100)
  void shouldSayWhatAMapSays(@ForAll long seed) {
    Random random = new Random(seed);
    Map<Id, Id> expected = new HashMap<>();
    CountedIds ids = new CountedIds();
    for (int i = 0; i < 2000; i++) {
      Id id = random(random);
      if (random.nextInt(10) == 0) {
        ids.remove(id);
        expected.remove(id);
      } else {
        Id slot = SLOTS.get(random.nextInt(SLOTS.size()));
        ids.put(id, slot);
        expected.put(id, slot);
      }
    }
    Map<Id, Id> all = new HashMap<>();

    ids.forEach(all::put);

    assertThat(all).isEqualTo(expected);
    for (int i = 0; i < 200; i++) {
      Id asked = random(random);
      assertThat(ids.slot(asked).orElse(null)).isEqualTo(expected.get(asked));
    }
  }

  @Test
  void shouldTakeAtMost32BytesAnIdOnceItIsLarge() {
    Random random = new Random(7);
    for (int i = 0; i < 200_000; i++) {
      table.put(id(random.nextLong(), random.nextLong()), SLOTS.get(i % 5));
      if (i > 1000) {
        assertThat(table.bytes()).isLessThanOrEqualTo(32L * table.size());
      }
    }

    assertThat(table.size()).isEqualTo(200_000);
  }

  @Test
  void shouldHoldTheIdOfAllZeros() {
    Id zero = id(0, 0);
    boolean before = table.slot(zero).isPresent();

    table.put(zero, SLOTS.get(0));

    assertThat(before).isFalse();
    assertThat(table.slot(zero)).contains(SLOTS.get(0));
  }
}
