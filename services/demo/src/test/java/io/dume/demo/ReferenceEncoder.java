package io.dume.demo;

import io.dume.demo.BytePairEncoding.Merge;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Byte-pair encoding as its definition reads: each merge in turn, everywhere in each word. */
final class ReferenceEncoder {

  private ReferenceEncoder() {}

  static int[] encode(BytePairEncoding encoding, String text) {
    List<Integer> ids = new ArrayList<>();
    BpeTrainer.words(text).forEach(word -> ids.addAll(encodeWord(encoding, word)));
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  private static List<Integer> encodeWord(BytePairEncoding encoding, String word) {
    List<Integer> ids = new ArrayList<>();
    for (byte value : word.getBytes(StandardCharsets.UTF_8)) {
      ids.add(BytePairEncoding.FIRST_BYTE_ID + (value & 0xff));
    }
    for (Merge merge : encoding.merges()) {
      for (int i = 0; i + 1 < ids.size(); i++) {
        if (ids.get(i) == merge.pair().left() && ids.get(i + 1) == merge.pair().right()) {
          ids.set(i, merge.id());
          ids.remove(i + 1);
        }
      }
    }
    return ids;
  }
}
