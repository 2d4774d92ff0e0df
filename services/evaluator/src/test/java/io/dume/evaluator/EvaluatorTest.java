package io.dume.evaluator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.dume.models.DenseModel;
import io.dume.models.Device;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.Routing;
import io.dume.models.RoutingPolicy;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The evaluator against exp(mean negative log-likelihood) computed from logits, window by window.
 */
class EvaluatorTest {

  private static final List<String> DOMAINS = List.of("math", "code", "novel");
  private static final int CONTEXT = 7;

  /** More windows than the evaluator reads at a time. */
  private static final int DOCUMENTS = 90;

  /** Of a perplexity, relative; batches add in another order than single windows do. */
  private static final double TOLERANCE = 1e-4;

  @TempDir private static Path directory;
  private static MixtureModel mixture;
  private static EvaluationSet set;

  @BeforeAll
  static void makeModelAndText() throws IOException {
    Path merged = TinyModels.merged(directory, DOMAINS);
    mixture = MixtureModel.load(merged, Device.CPU);
    set = text(merged, DOMAINS);
  }

  @AfterAll
  static void close() {
    mixture.close();
  }

  @Test
  void shouldJudgeGatesAsTheLogitsSay() {
    RouterWeights router = TinyModels.router(DOMAINS.size(), 5);

    Map<String, Perplexity> judged = evaluator().mixture(mixture, gates(router, 2, 0.5));

    assertSame(
        judged, (domain, window) -> mixture.logits(window.ids(), new Routing.TopK(router, 2, 0.5)));
  }

  @Test
  void shouldJudgeTheAverageAsTheLogitsSay() {
    Map<String, Perplexity> judged = evaluator().mixture(mixture, new RoutingChoice.Average());

    assertSame(judged, (domain, window) -> mixture.logits(window.ids(), new Routing.Average()));
  }

  @Test
  void shouldJudgeTheOracleByTheLabelsExpert() {
    Map<String, Perplexity> judged = evaluator().mixture(mixture, new RoutingChoice.Oracle());

    assertSame(
        judged,
        (domain, window) ->
            mixture.logits(window.ids(), new Routing.Oracle(DOMAINS.indexOf(domain))));
  }

  @Test
  void shouldDrawForAWindowByItsPlaceInTheWholeSet() {
    Map<String, Perplexity> judged = evaluator().mixture(mixture, new RoutingChoice.Random(11));

    assertSame(
        judged,
        (domain, window) ->
            mixture.logits(window.ids(), new Routing.UniformRandom(11, window.ordinal())));
  }

  @Test
  void shouldRepeatRandomRoutingForASeedAndChangeItWithTheSeed() {
    Map<String, Perplexity> judged = evaluator().mixture(mixture, new RoutingChoice.Random(3));

    assertThat(evaluator().mixture(mixture, new RoutingChoice.Random(3))).isEqualTo(judged);
    assertThat(evaluator().mixture(mixture, new RoutingChoice.Random(4))).isNotEqualTo(judged);
  }

  @Test
  void shouldJudgeADenseExpertAsTheLogitsSay() throws IOException {
    try (DenseModel code = DenseModel.load(directory.resolve("code"), Device.CPU)) {
      Map<String, Perplexity> judged = evaluator().dense(code);

      assertSame(judged, (domain, window) -> code.logits(window.ids()));
    }
  }

  @Test
  void shouldJudgeADenseExpertOnTheDomainsAskedFor() throws IOException {
    try (DenseModel code = DenseModel.load(directory.resolve("code"), Device.CPU)) {
      Map<String, Perplexity> judged = evaluator().dense(code, List.of("code"));

      assertThat(judged).containsOnlyKeys("code");
      assertThat(judged.get("code")).isEqualTo(evaluator().dense(code).get("code"));
    }
  }

  @Test
  void shouldTellHowFarItIs() {
    List<String> heard = new ArrayList<>();
    int windows = set.windows("code").size();
    assertThat(windows).isGreaterThan(128);

    new Evaluator(set, (domain, read, all) -> heard.add(domain + " " + read + "/" + all))
        .mixture(mixture, new RoutingChoice.Average());

    assertThat(heard)
        .containsSubsequence(
            "math 128/" + set.windows("math").size(),
            "code 128/" + windows,
            "code " + windows + "/" + windows);
  }

  @Test
  void shouldNotAskTheOracleAboutADomainWithoutAnExpert() throws IOException {
    EvaluationSet law = text(directory.resolve("merged"), List.of("law"));
    Evaluator evaluator = new Evaluator(law, Evaluator.Progress.NONE);

    assertThatThrownBy(() -> evaluator.mixture(mixture, new RoutingChoice.Oracle()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no expert of domain law")
        .hasMessageContaining("[math, code, novel]");
  }

  private static Evaluator evaluator() {
    return new Evaluator(set, Evaluator.Progress.NONE);
  }

  private static RoutingChoice gates(RouterWeights router, int k, double temperature) {
    return new RoutingChoice.Gates(router, RoutingPolicy.PAPER.withChoice(k, temperature));
  }

  private static EvaluationSet text(Path model, List<String> domains) throws IOException {
    Random random = new Random(1);
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      EvaluationSet.Builder builder = EvaluationSet.builder(tokenizer, CONTEXT);
      for (int n = 0; n < DOCUMENTS; n++) {
        for (String domain : domains) {
          StringBuilder text = new StringBuilder();
          int length = 1 + random.nextInt(3 * CONTEXT);
          for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(26)));
          }
          builder.add(domain, text.toString());
        }
      }
      return builder.build();
    }
  }

  /** A window and its place in the whole set. */
  private record Window(int[] ids, long ordinal) {}

  private static void assertSame(
      Map<String, Perplexity> judged, BiFunction<String, Window, float[]> logits) {
    assertThat(judged.keySet()).containsExactlyElementsOf(DOMAINS);
    long ordinal = 0;
    for (String domain : DOMAINS) {
      double sum = 0;
      long tokens = 0;
      for (int[] ids : set.windows(domain)) {
        float[] rows = logits.apply(domain, new Window(ids, ordinal++));
        for (int t = 1; t < ids.length; t++) {
          sum += negativeLogLikelihood(rows, t - 1, ids[t]);
          tokens++;
        }
      }
      double expected = Math.exp(sum / tokens);
      assertThat(judged.get(domain).tokens()).as(domain).isEqualTo(tokens);
      assertThat(judged.get(domain).value())
          .as(domain)
          .isCloseTo(expected, within(TOLERANCE * expected));
    }
  }

  private static double negativeLogLikelihood(float[] logits, int row, int id) {
    int from = row * TinyModels.VOCABULARY;
    double largest = Double.NEGATIVE_INFINITY;
    for (int v = 0; v < TinyModels.VOCABULARY; v++) {
      largest = Math.max(largest, logits[from + v]);
    }
    double sum = 0;
    for (int v = 0; v < TinyModels.VOCABULARY; v++) {
      sum += Math.exp(logits[from + v] - largest);
    }
    return largest + Math.log(sum) - logits[from + id];
  }
}
