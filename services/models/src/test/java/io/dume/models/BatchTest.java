package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class BatchTest {

  @Test
  void shouldPackTokensAndPadOnTheRight() {
    Batch batch = Batch.of(List.of(new int[] {7, 8, 9}, new int[] {5}));

    assertThat(batch.ids()).containsExactly(7, 8, 9, 5);
    assertThat(batch.rows()).isEqualTo(2);
    assertThat(batch.length()).isEqualTo(3);
    assertThat(batch.grid()).containsExactly(0, 1, 2, 3, 3, 3);
    assertThat(batch.places()).containsExactly(0, 1, 2, 3);
  }

  @Property
  void shouldSplitIntoRunsThatKeepTheOrderAndTheLimit(
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 1, max = 9000) Integer> lengths) {
    List<int[]> sequences = lengths.stream().map(int[]::new).toList();

    List<List<Integer>> runs = Batch.split(sequences);

    List<Integer> indexes = new ArrayList<>();
    for (List<Integer> run : runs) {
      int longest = run.stream().mapToInt(lengths::get).max().orElseThrow();
      assertThat(run.size() == 1 || longest * run.size() <= Batch.MAX_TOKENS).isTrue();
      indexes.addAll(run);
    }
    assertThat(indexes).hasSize(lengths.size()).isSorted().doesNotHaveDuplicates();
  }

  @Property
  void shouldGroupByLengthEverySequenceOnceWithinTheLimit(
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 1, max = 9000) Integer> lengths) {
    List<int[]> sequences = lengths.stream().map(int[]::new).toList();

    List<List<Integer>> runs = Batch.byLength(sequences);

    List<Integer> indexes = new ArrayList<>();
    for (List<Integer> run : runs) {
      int longest = lengths.get(run.get(0));
      assertThat(run).allSatisfy(i -> assertThat(lengths.get(i)).isLessThanOrEqualTo(longest));
      assertThat(run.size() == 1 || longest * run.size() <= Batch.MAX_TOKENS).isTrue();
      indexes.addAll(run);
    }
    assertThat(indexes).hasSize(lengths.size()).doesNotHaveDuplicates();
  }

  @Test
  void shouldPutSequencesApartThatAreMuchShorterWhereThereAreEnoughTokens() {
    List<int[]> sequences = List.of(new int[40], new int[512], new int[30], new int[500]);

    List<List<Integer>> runs = Batch.byLength(sequences);

    assertThat(runs).containsExactly(List.of(1, 3), List.of(0, 2));
  }
}
