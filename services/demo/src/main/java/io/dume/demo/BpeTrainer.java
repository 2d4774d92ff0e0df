package io.dume.demo;

import io.dume.demo.BytePairEncoding.Merge;
import io.dume.demo.BytePairEncoding.Pair;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Learns a byte-level byte-pair encoding: the most frequent pair of neighbours within a word
 * becomes a token, again and again, until the vocabulary has the wanted size or no pair occurs
 * twice. Words are cut by GPT-2's pattern, the one that the Hugging Face {@code ByteLevel}
 * pre-tokenizer applies when the file is used. Ties go to the smaller left id, then to the smaller
 * right id, so the same text gives the same merges whatever its order.
 */
final class BpeTrainer {

  private static final Pattern WORD =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          Pattern.UNICODE_CHARACTER_CLASS);

  private static final Comparator<Candidate> MOST_FREQUENT_FIRST =
      Comparator.comparingLong(Candidate::count)
          .reversed()
          .thenComparingInt(candidate -> candidate.pair().left())
          .thenComparingInt(candidate -> candidate.pair().right());

  private record Candidate(Pair pair, long count) {}

  private final int[][] words;
  private final long[] frequencies;
  private final Map<Pair, Long> counts = new HashMap<>();
  private final Map<Pair, Set<Integer>> places = new HashMap<>();
  private final PriorityQueue<Candidate> queue = new PriorityQueue<>(MOST_FREQUENT_FIRST);

  private BpeTrainer(Map<String, Long> frequencyByWord) {
    words = new int[frequencyByWord.size()][];
    frequencies = new long[words.length];
    int index = 0;
    for (Map.Entry<String, Long> entry : frequencyByWord.entrySet()) {
      byte[] bytes = entry.getKey().getBytes(StandardCharsets.UTF_8);
      int[] ids = new int[bytes.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = BytePairEncoding.FIRST_BYTE_ID + (bytes[i] & 0xff);
      }
      words[index] = ids;
      frequencies[index++] = entry.getValue();
    }
  }

  /**
   * Learns an encoding.
   *
   * @param size entries of the vocabulary, the 256 bytes and the end-of-text token among them
   */
  static BytePairEncoding train(Iterable<String> texts, int size) {
    if (size < BytePairEncoding.FIRST_MERGE_ID) {
      throw new IllegalArgumentException(
          "vocabulary size is "
              + size
              + ", but the bytes and the end-of-text token alone are "
              + BytePairEncoding.FIRST_MERGE_ID
              + ": ask for at least that many");
    }
    Map<String, Long> frequencyByWord = new TreeMap<>();
    for (String text : texts) {
      words(text).forEach(word -> frequencyByWord.merge(word, 1L, Long::sum));
    }
    return new BpeTrainer(frequencyByWord).learn(size);
  }

  /** A text in the pieces that no token reaches across. */
  static Stream<String> words(String text) {
    return WORD.matcher(text).results().map(MatchResult::group);
  }

  private BytePairEncoding learn(int size) {
    for (int word = 0; word < words.length; word++) {
      count(word, 1, new HashSet<>());
    }
    counts.forEach((pair, count) -> queue.add(new Candidate(pair, count)));
    List<String> texts = new ArrayList<>(new BytePairEncoding(List.of()).tokens());
    Map<String, Integer> idByText = new HashMap<>();
    List<Merge> merges = new ArrayList<>();
    while (texts.size() < size && !queue.isEmpty()) {
      Candidate best = queue.poll();
      if (counts.getOrDefault(best.pair(), 0L) != best.count()) {
        continue; // an entry from before a later merge changed this pair's count
      }
      if (best.count() < 2) {
        break;
      }
      String text = texts.get(best.pair().left()) + texts.get(best.pair().right());
      int id = idByText.computeIfAbsent(text, key -> texts.size());
      if (id == texts.size()) {
        texts.add(text);
      }
      merges.add(new Merge(best.pair(), id));
      apply(best.pair(), id);
    }
    return new BytePairEncoding(merges);
  }

  private void apply(Pair pair, int id) {
    Set<Pair> touched = new HashSet<>();
    for (int word : places.remove(pair)) {
      count(word, -1, touched);
      words[word] = joined(words[word], pair, id);
      count(word, 1, touched);
    }
    for (Pair changed : touched) {
      long count = counts.getOrDefault(changed, 0L);
      if (count == 0) {
        counts.remove(changed);
        places.remove(changed);
      } else {
        queue.add(new Candidate(changed, count));
      }
    }
  }

  private void count(int word, int sign, Set<Pair> touched) {
    int[] ids = words[word];
    for (int i = 0; i + 1 < ids.length; i++) {
      Pair pair = new Pair(ids[i], ids[i + 1]);
      counts.merge(pair, sign * frequencies[word], Long::sum);
      touched.add(pair);
      if (sign > 0) {
        places.computeIfAbsent(pair, key -> new HashSet<>()).add(word);
      }
    }
  }

  private static int[] joined(int[] ids, Pair pair, int id) {
    int[] out = new int[ids.length];
    int length = 0;
    for (int i = 0; i < ids.length; i++) {
      boolean here = i + 1 < ids.length && ids[i] == pair.left() && ids[i + 1] == pair.right();
      out[length++] = here ? id : ids[i];
      if (here) {
        i++;
      }
    }
    return Arrays.copyOf(out, length);
  }
}
