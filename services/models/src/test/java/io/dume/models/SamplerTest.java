package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SamplerTest {

  private static final int ALL = Integer.MAX_VALUE;

  @Test
  void shouldTakeTheFirstOfTheHighestWhenItIsGreedy() {
    assertThat(new Sampler(Sampling.GREEDY).next(new float[] {-3, 2, -1, 2})).isEqualTo(1);
    assertThat(new Sampler(Sampling.GREEDY).next(new float[] {-3, -2, Float.NEGATIVE_INFINITY}))
        .isEqualTo(1);
  }

  @Test
  void shouldDrawAsOftenAsTheSoftmaxSays() {
    float[] logits = {0, (float) Math.log(2), (float) Math.log(5)};

    assertThat(frequencies(logits, new Sampling(1, ALL, 1, 1, 3)))
        .containsExactly(new double[] {0.125, 0.25, 0.625}, within(0.02));
    // Twice the logits.
    assertThat(frequencies(logits, new Sampling(0.5, ALL, 1, 1, 4)))
        .containsExactly(new double[] {1 / 30.0, 4 / 30.0, 25 / 30.0}, within(0.02));
    // The two best.
    assertThat(frequencies(logits, new Sampling(1, 2, 1, 1, 5)))
        .containsExactly(new double[] {0, 2 / 7.0, 5 / 7.0}, within(0.02));
    // The best has 0.625, so the second one is needed for 0.7 and not for 0.6.
    assertThat(frequencies(logits, new Sampling(1, ALL, 0.7, 1, 6)))
        .containsExactly(new double[] {0, 2 / 7.0, 5 / 7.0}, within(0.02));
    assertThat(frequencies(logits, new Sampling(1, ALL, 0.6, 1, 7)))
        .containsExactly(new double[] {0, 0, 1}, within(1e-9));
  }

  private static double[] frequencies(float[] logits, Sampling sampling) {
    Sampler sampler = new Sampler(sampling);
    int draws = 10_000;
    double[] frequencies = new double[logits.length];
    for (int i = 0; i < draws; i++) {
      frequencies[sampler.next(logits)] += 1.0 / draws;
    }
    return frequencies;
  }

  @Test
  void shouldMakeTokensThatWereThereLessProbable() {
    Sampling penalised = new Sampling(0, ALL, 1, 2, 0);
    Sampler sampler = new Sampler(penalised);
    float[] logits = {-2, -3, 4, 3};

    assertThat(sampler.next(logits)).isEqualTo(2);
    // 4 counts as 2 now.
    assertThat(sampler.next(logits)).isEqualTo(3);
    assertThat(sampler.next(logits)).isEqualTo(2);
    Sampler told = new Sampler(penalised);
    told.saw(0);
    // -2 counts as -4.
    assertThat(told.next(new float[] {-2, -3})).isEqualTo(1);
    assertThat(logits).containsExactly(-2, -3, 4, 3);
  }

  @Property(tries = 200)
  void shouldDrawOneOfTheBest(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 20) int topK,
      @ForAll @DoubleRange(min = 0.01, max = 1) double topP,
      @ForAll @DoubleRange(min = 0.01, max = 10) double temperature) {
    Random random = new Random(seed);
    float[] logits = new float[20];
    for (int i = 0; i < logits.length; i++) {
      // Coarse, so that some are equal.
      logits[i] = random.nextInt(-5, 5);
    }
    Sampler sampler = new Sampler(new Sampling(temperature, topK, topP, 1, seed));
    Sampler again = new Sampler(new Sampling(temperature, topK, topP, 1, seed));
    Set<Integer> allowed = allowed(logits, topK, topP, temperature);

    for (int i = 0; i < 30; i++) {
      int drawn = sampler.next(logits);
      assertThat(drawn).isIn(allowed).isEqualTo(again.next(logits));
    }
  }

  /** By definition: ranks, and how probable those of a lower rank are together. */
  private static Set<Integer> allowed(float[] logits, int topK, double topP, double temperature) {
    int[] order =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted((a, b) -> Float.compare(logits[b], logits[a]))
            .limit(topK)
            .mapToInt(i -> i)
            .toArray();
    double total = Arrays.stream(order).mapToDouble(i -> Math.exp(logits[i] / temperature)).sum();
    Set<Integer> allowed = new HashSet<>();
    double before = 0;
    for (int id : order) {
      if (before / total >= topP + 1e-9) {
        break;
      }
      allowed.add(id);
      before += Math.exp(logits[id] / temperature);
    }
    return allowed;
  }

  @Test
  void shouldRefuseLogitsThatAreNone() {
    Sampler sampler = new Sampler(Sampling.GREEDY);

    assertThatThrownBy(() -> sampler.next(new float[] {1, Float.NaN}))
        .hasMessageContaining("token 1 is NaN");
    assertThatThrownBy(() -> sampler.next(new float[] {1, Float.POSITIVE_INFINITY}))
        .hasMessageContaining("not finite");
    assertThatThrownBy(() -> sampler.next(new float[0])).hasMessageContaining("0 logits");
  }

  @Test
  void shouldNameTheNumberThatIsNotPossible() {
    assertThatThrownBy(() -> new Sampling(-1, 1, 1, 1, 0)).hasMessageContaining("temperature");
    assertThatThrownBy(() -> new Sampling(Double.NaN, 1, 1, 1, 0))
        .hasMessageContaining("temperature");
    assertThatThrownBy(() -> new Sampling(0, 0, 1, 1, 0)).hasMessageContaining("top-k = 0");
    assertThatThrownBy(() -> new Sampling(0, 1, 0, 1, 0)).hasMessageContaining("top-p = 0");
    assertThatThrownBy(() -> new Sampling(0, 1, 1.1, 1, 0)).hasMessageContaining("top-p = 1.1");
    assertThatThrownBy(() -> new Sampling(0, 1, 1, 0, 0)).hasMessageContaining("penalty = 0");
  }
}
