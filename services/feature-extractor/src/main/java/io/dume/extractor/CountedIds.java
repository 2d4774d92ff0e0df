package io.dume.extractor;

import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Record ids and the slots that they were counted in: an open-addressing table in three arrays.
 * Between 64 % and 80 % of its places are taken, 20 bytes each, so an id costs 25 to 31.25 bytes;
 * while the table grows, which takes it a quarter further, the old one is there too. Only small
 * tables are emptier. Ids are hashes, so their first bits place them. Not thread-safe.
 */
final class CountedIds {
  /** Of the slot of an id that is counted no longer. */
  private static final int NONE = -1;

  private static final int SMALLEST = 64;
  private static final int BYTES_A_PLACE = 2 * Long.BYTES + Integer.BYTES;

  private final List<Id> slots = new ArrayList<>();
  private final Map<Id, Integer> numbers = new HashMap<>();

  /** Two a place. */
  private long[] ids = new long[2 * SMALLEST];

  /** 0 where a place is free, {@link #NONE}, or one more than an index into the slots. */
  private int[] slotNumbers = new int[SMALLEST];

  private int taken;

  /** The slot that an id was counted in. */
  Optional<Id> slot(Id id) {
    ByteBuffer bytes = ByteBuffer.wrap(id.bytes());
    int number = slotNumbers[place(bytes.getLong(0), bytes.getLong(Long.BYTES))];
    return number > 0 ? Optional.of(slots.get(number - 1)) : Optional.empty();
  }

  /** Counts an id in a slot, whatever it was counted in before. */
  void put(Id id, Id slot) {
    put(id, number(slot));
  }

  private int number(Id slot) {
    return numbers.computeIfAbsent(
        slot,
        s -> {
          slots.add(s);
          return slots.size();
        });
  }

  /** Counts an id no longer. */
  void remove(Id id) {
    if (slot(id).isPresent()) {
      put(id, NONE);
    }
  }

  private void put(Id id, int number) {
    ByteBuffer bytes = ByteBuffer.wrap(id.bytes());
    put(bytes.getLong(0), bytes.getLong(Long.BYTES), number);
  }

  private void put(long high, long low, int number) {
    int place = place(high, low);
    if (slotNumbers[place] == 0) {
      if (10L * (taken + 1) > 8L * slotNumbers.length) {
        grow();
        place = place(high, low);
      }
      ids[2 * place] = high;
      ids[2 * place + 1] = low;
      taken++;
    }
    slotNumbers[place] = number;
  }

  /** Where an id is, or where it would be. */
  private int place(long high, long low) {
    int places = slotNumbers.length;
    int place = (int) ((high >>> 33) * places >>> 31);
    while (slotNumbers[place] != 0 && (ids[2 * place] != high || ids[2 * place + 1] != low)) {
      place = place + 1 == places ? 0 : place + 1;
    }
    return place;
  }

  private void grow() {
    long[] oldIds = ids;
    int[] oldNumbers = slotNumbers;
    int places = Math.addExact(oldNumbers.length, oldNumbers.length / 4);
    ids = new long[Math.multiplyExact(2, places)];
    slotNumbers = new int[places];
    taken = 0;
    for (int i = 0; i < oldNumbers.length; i++) {
      if (oldNumbers[i] != 0) {
        put(oldIds[2 * i], oldIds[2 * i + 1], oldNumbers[i]);
      }
    }
  }

  /** Each id with its slot; the same calls before give the same order. */
  void forEach(BiConsumer<Id, Id> action) {
    for (int i = 0; i < slotNumbers.length; i++) {
      if (slotNumbers[i] > 0) {
        byte[] id =
            ByteBuffer.allocate(Ids.BYTES).putLong(ids[2 * i]).putLong(ids[2 * i + 1]).array();
        action.accept(new Id(id), slots.get(slotNumbers[i] - 1));
      }
    }
  }

  /** Ids in the table, also those that are counted no longer. */
  int size() {
    return taken;
  }

  /** Bytes of the arrays. */
  long bytes() {
    return (long) BYTES_A_PLACE * slotNumbers.length;
  }
}
