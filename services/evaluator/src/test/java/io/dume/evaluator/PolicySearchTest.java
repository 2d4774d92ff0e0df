package io.dume.evaluator;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.models.Device;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicySearchTest {

  private static final List<String> DOMAINS = List.of("math", "code", "novel");

  @TempDir private Path directory;

  @Test
  void shouldChooseNoPolicyThatIsWorseThanAnotherItTried() throws IOException {
    Path merged = TinyModels.merged(directory, DOMAINS);
    RouterWeights router = TinyModels.router(DOMAINS.size(), 5);
    List<PolicySearch.Judged> tried = new ArrayList<>();
    PolicySearch search =
        new PolicySearch(new Evaluator(text(merged), Evaluator.Progress.NONE), tried::add);

    PolicySearch.Judged best;
    try (MixtureModel mixture = MixtureModel.load(merged, Device.CPU)) {
      best = search.search(mixture, router, 2, 0.5);
    }

    assertThat(tried).contains(best);
    assertThat(tried.get(0).policy()).isEqualTo(RoutingPolicy.PAPER.withChoice(2, 0.5));
    assertThat(tried)
        .as(
            "what is better by less than a twentieth of a percent is not worth it, a pass half of one")
        .allSatisfy(
            judged ->
                assertThat(judged.loss())
                    .isGreaterThan(best.loss() - (judged.policy().above() > 0 ? 6e-3 : 1e-3)));
    assertThat(tried)
        .extracting(judged -> judged.policy().k())
        .as("what a token costs is not changed")
        .containsOnly(2);
  }

  @Test
  void shouldStayWithThePaperWhereMemoryChangesNothing() throws IOException {
    Path merged = TinyModels.merged(directory, List.of("math"));
    RouterWeights alone = TinyModels.router(1, 5);

    PolicySearch.Judged best;
    try (MixtureModel mixture = MixtureModel.load(merged, Device.CPU)) {
      best =
          new PolicySearch(new Evaluator(text(merged), Evaluator.Progress.NONE), judged -> {})
              .search(mixture, alone, 1, 1);
    }

    assertThat(best.policy()).isEqualTo(RoutingPolicy.PAPER);
  }

  @Test
  void shouldCompareTheBestWithAPolicyThatItWouldNotTry() throws IOException {
    Path merged = TinyModels.merged(directory, DOMAINS);
    RouterWeights router = TinyModels.router(DOMAINS.size(), 5);
    RoutingPolicy present = RoutingPolicy.parse("top-k=2,temperature=0.5,smoothing=0.33");
    List<PolicySearch.Judged> tried = new ArrayList<>();

    PolicySearch.Compared compared;
    try (MixtureModel mixture = MixtureModel.load(merged, Device.CPU)) {
      compared =
          new PolicySearch(new Evaluator(text(merged), Evaluator.Progress.NONE), tried::add)
              .compare(mixture, router, present);
    }

    assertThat(tried).contains(compared.best(), compared.present());
    assertThat(compared.present().policy()).isEqualTo(present);
    assertThat(compared.gain()).isEqualTo(compared.present().loss() - compared.best().loss());
    assertThat(compared.best().policy())
        .as("costs as much as the one that there is")
        .extracting(RoutingPolicy::k, RoutingPolicy::temperature)
        .containsExactly(2, 0.5);
  }

  private static EvaluationSet text(Path model) throws IOException {
    Random random = new Random(1);
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      EvaluationSet.Builder builder = EvaluationSet.builder(tokenizer, 16);
      for (int n = 0; n < 20; n++) {
        for (String domain : DOMAINS) {
          StringBuilder text = new StringBuilder();
          random.ints(30, 'a', 'z').forEach(letter -> text.append((char) letter));
          builder.add(domain, text.toString());
        }
      }
      return builder.build();
    }
  }
}
