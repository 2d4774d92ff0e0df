package io.dume.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.demo.BytePairEncoding.Merge;
import io.dume.demo.BytePairEncoding.Pair;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class BpeTrainerTest {

  @Test
  void shouldJoinTheMostFrequentPairFirst() {
    BytePairEncoding encoding = BpeTrainer.train(List.of("low low low lower"), 260);

    // "lo" and "ow" occur four times each, " lo" three times; ties go to the smaller left byte.
    assertThat(encoding.tokens()).endsWith("lo", "low", "Ġlow");
  }

  @Test
  void shouldNotJoinAcrossWords() {
    BytePairEncoding encoding = BpeTrainer.train(List.of("a1a1a1a1"), 300);

    assertThat(encoding.merges()).isEmpty();
  }

  @Test
  void shouldStopWhenNoPairOccursTwice() {
    BytePairEncoding encoding = BpeTrainer.train(List.of("abcdef"), 300);

    assertThat(encoding.size()).isEqualTo(257);
  }

  @Property(tries = 20)
  void shouldLearnTheSameMergesWhateverTheOrderOfTheText(
      @ForAll @Size(max = 20) List<String> texts, @ForAll long seed) {
    List<String> shuffled = new ArrayList<>(texts);
    Collections.shuffle(shuffled, new Random(seed));

    BytePairEncoding encoding = BpeTrainer.train(shuffled, 300);

    assertThat(encoding).isEqualTo(BpeTrainer.train(texts, 300));
  }

  @Test
  void shouldRefuseAVocabularyWithoutRoomForTheBytes() {
    assertThatThrownBy(() -> BpeTrainer.train(List.of("text"), 256))
        .hasMessageContaining("vocabulary size is 256")
        .hasMessageContaining("at least");
  }

  @Test
  void shouldGiveTwoMergesThatSpellTheSameTextOneId() {
    BytePairEncoding encoding =
        new BytePairEncoding(
            List.of(
                new Merge(new Pair(id('a'), id('b')), 257),
                new Merge(new Pair(id('b'), id('c')), 258),
                new Merge(new Pair(257, id('c')), 259),
                new Merge(new Pair(id('a'), 258), 259)));

    assertThat(encoding.tokens()).hasSize(260).endsWith("ab", "bc", "abc").doesNotHaveDuplicates();
  }

  @Test
  void shouldRefuseAMergeOfWhatIsNotThereYet() {
    List<Merge> merges = List.of(new Merge(new Pair(id('a'), 257), 257));

    assertThatThrownBy(() -> new BytePairEncoding(merges))
        .hasMessageContaining("ids from 1 to 256");
  }

  private static int id(char character) {
    return BytePairEncoding.FIRST_BYTE_ID + character;
  }
}
