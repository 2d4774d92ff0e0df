package io.dume.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets;
import io.dume.evaluator.EvaluationSet;
import io.dume.models.Device;
import io.dume.models.GramType;
import io.dume.models.MixtureModel;
import io.dume.models.MoErge;
import io.dume.models.RouterWeights;
import io.dume.models.Tokenizer;
import io.dume.solver.LayerStatistics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabTest {

  private static final int CONTEXT = 64;
  private static final List<String> CHOSEN_BY = List.of("math", "code");

  @TempDir private static Path shared;
  private static Map<String, Path> experts;
  private static TrainingText train;
  private static EvaluationSet heldOut;
  private static EvaluationSet validation;
  private static TaskSet tasks;

  @BeforeAll
  static void unpack() throws IOException {
    DemoAssets.unpack(shared);
    experts = new LinkedHashMap<>();
    List<MoErge.Expert> merged = new ArrayList<>();
    for (String domain : DemoAssets.DOMAINS) {
      experts.put(domain, DemoAssets.expert(shared, domain));
      merged.add(new MoErge.Expert(domain, DemoAssets.expert(shared, domain)));
    }
    MoErge.merge(merged, model(), MoErge.Options.DEFAULT);
    try (Tokenizer tokenizer = Tokenizer.load(model())) {
      TrainingText.Builder text = TrainingText.builder(tokenizer, 2_000);
      TaskSet.Builder questions = TaskSet.builder(tokenizer, CONTEXT);
      EvaluationSet.Builder test = EvaluationSet.builder(tokenizer, CONTEXT, 300);
      EvaluationSet.Builder chosenBy = EvaluationSet.builder(tokenizer, CONTEXT, 200);
      for (String domain : DemoAssets.DOMAINS) {
        try (Stream<DemoAssets.Document> documents =
            DemoAssets.documents(domain, DemoAssets.Split.TRAIN)) {
          documents.forEach(document -> text.add(domain, document.text()));
        }
        try (Stream<DemoAssets.Document> documents =
            DemoAssets.documents(domain, DemoAssets.Split.TEST)) {
          documents
              .limit(20)
              .forEach(
                  document -> {
                    // Some documents alone are longer than all that is needed here.
                    String part =
                        document.text().substring(0, Math.min(1_500, document.text().length()));
                    test.add(domain, part);
                    questions.addText(domain, part);
                  });
        }
      }
      // Of two domains, so that who reads it for the test text, or the other way round, is seen.
      for (String domain : CHOSEN_BY) {
        try (Stream<DemoAssets.Document> documents =
            DemoAssets.documents(domain, DemoAssets.Split.VALIDATION)) {
          documents.limit(3).forEach(document -> chosenBy.add(domain, document.text()));
        }
      }
      validation = chosenBy.build();
      train = text.build();
      heldOut = test.build();
      tasks = questions.build(6, 4);
    }
  }

  private static Path model() {
    return shared.resolve("merged");
  }

  private static LabRequest request(Set<Method> methods, Set<Ablation> ablations) {
    return new LabRequest(
        model(),
        experts,
        Device.CPU,
        train,
        validation,
        heldOut,
        heldOut,
        tasks,
        CONTEXT,
        1_000,
        0.01,
        2,
        new GateTraining.Options(2, 1, 1e-4, 0, 1, 16, 2, 0.3),
        methods,
        ablations);
  }

  @Test
  void shouldCompareAllMethods() throws IOException {
    Set<String> chosenBy = new HashSet<>();
    LabProgress progress =
        new LabProgress() {
          @Override
          public void passing(String line) {
            if (line.startsWith("policy of ")) {
              chosenBy.add(line.substring(line.indexOf(" on ") + 4, line.indexOf(':')));
            }
          }

          @Override
          public void done(String line) {}
        };

    LabReport report = Lab.run(request(Set.of(Method.values()), Set.of()), progress);

    assertThat(chosenBy).containsExactlyInAnyOrderElementsOf(CHOSEN_BY);
    JsonNode methods = report.json().get("methods");
    assertThat(methods.fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder(
            "average",
            "random",
            "btx",
            "dume",
            "dume-memory",
            "dume-k",
            "dume-k-memory",
            "dume+",
            "dume+-memory",
            "oracle");
    for (JsonNode method : methods) {
      assertThat(method.get("domains").fieldNames())
          .toIterable()
          .containsExactlyElementsOf(DemoAssets.DOMAINS);
      for (JsonNode domain : method.get("domains")) {
        assertThat(domain.get("perplexity").doubleValue()).isBetween(1.0, 2048.0);
        assertThat(domain.get("normalised").doubleValue()).isBetween(0.05, 1.1);
      }
    }
    // Their MLPs alone were tuned, so the right expert in the backbone is the dense expert.
    assertThat(methods.at("/oracle/mean").doubleValue()).isCloseTo(1, within(0.002));
    assertThat(methods.at("/dume/mean").doubleValue())
        .isGreaterThan(methods.at("/random/mean").doubleValue());
    assertThat(methods.at("/random/spread").doubleValue()).isPositive();
    assertThat(methods.at("/dume/policy").asText()).contains("smoothing=0");
    double load = 0;
    for (JsonNode share : methods.at("/dume/load")) {
      load += share.doubleValue();
    }
    assertThat(load).isCloseTo(1, within(1e-9));
    assertThat(report.table()).hasSize(1 + 5 + 10).allSatisfy(row -> assertThat(row).hasSize(8));
    assertThat(report.routingTable()).hasSize(1 + 7);
    // Beside the trained gates stand the solved ones, used in the same way.
    assertThat(methods.at("/dume-k/policy")).isEqualTo(methods.at("/dume+/policy"));
    assertThat(methods.at("/dume-k/policy").asText()).contains("top-k=2,temperature=0.3");
    assertThat(methods.at("/dume+-memory/policy").asText()).contains("top-k=2,temperature=0.3");
    assertThat(report.routers())
        .containsOnlyKeys(
            "btx", "dume", "dume-memory", "dume-k", "dume-k-memory", "dume+", "dume+-memory");
    assertThat(report.routers().get("dume+").metadata())
        .containsKeys(RouterWeights.MLPS, RouterWeights.BACKBONE, GateTraining.TRAINING)
        .containsEntry("context_dim", "64")
        .containsEntry(RouterWeights.POLICY, methods.at("/dume+/policy").asText());
    JsonNode written = report.json().get("generation");
    assertThat(written.at("/questions/math").intValue()).isEqualTo(4);
    assertThat(written.at("/methods/oracle/domains/math/accuracy").doubleValue())
        .isEqualTo(written.at("/dense/math").doubleValue());
    assertThat(report.generationTable()).hasSize(1 + 1 + 10);
    JsonNode reasoning = report.json().get("reasoning");
    assertThat(reasoning.at("/questions/math").intValue()).isEqualTo(6);
    assertThat(reasoning.at("/dense/math").doubleValue()).isBetween(0.0, 1.0);
    assertThat(reasoning.at("/methods/oracle/mean").doubleValue()).isCloseTo(1, within(0.1));
    assertThat(report.reasoningTable()).hasSize(1 + 1 + 10);
    // Whatever is random answers once for each seed.
    for (String random : List.of("random", "btx", "dume+", "dume+-memory")) {
      assertThat(reasoning.at("/methods/" + random + "/seeds").intValue()).isEqualTo(2);
      assertThat(written.at("/methods/" + random + "/seeds").intValue()).isEqualTo(2);
    }
    assertThat(reasoning.at("/methods/dume/seeds").isMissingNode()).isTrue();
  }

  @Test
  void shouldVaryOneThingAtATimeAndDrawIt() throws IOException {
    LabReport report =
        Lab.run(
            request(
                Set.of(),
                Set.of(
                    Ablation.TOKENS,
                    Ablation.SCORES,
                    Ablation.EXPERTS,
                    Ablation.PRECISION,
                    Ablation.IMBALANCE)),
            LabProgress.NONE);

    JsonNode ablations = report.json().get("ablations");
    JsonNode tokens = ablations.at("/tokens/curves/without memory");
    assertThat(tokens.get(0).get("x").doubleValue()).isEqualTo(100);
    assertThat(tokens.get(1).get("x").doubleValue()).isEqualTo(1_000);
    assertThat(tokens.get(1).get("mean").doubleValue())
        .isGreaterThan(tokens.get(0).get("mean").doubleValue());
    assertThat(ablations.at("/tokens/note").asText()).contains("ends at");
    assertThat(ablations.at("/scores/curves/smoothing 0.95")).hasSize(4);
    assertThat(ablations.at("/experts/curves/without memory/0/domains")).hasSize(2);
    assertThat(ablations.at("/precision/curves/float32 products, integer sums")).hasSize(3);
    // Where all domains have as many tokens a prior makes no difference; where they do not it does.
    JsonNode uneven = ablations.at("/imbalance/curves");
    JsonNode equal = uneven.at("/discriminant, smoothing 0.95");
    JsonNode prior = uneven.at("/discriminant with priors, smoothing 0.95");
    assertThat(equal).hasSize(5);
    assertThat(prior.get(4).get("x").doubleValue()).isEqualTo(1);
    assertThat(prior.get(4).get("mean").doubleValue())
        .isCloseTo(equal.get(4).get("mean").doubleValue(), within(0.01));
    assertThat(prior.get(0).get("mean")).isNotEqualTo(equal.get(0).get("mean"));
    assertThat(report.pictures())
        .containsOnlyKeys("tokens", "scores", "experts", "precision", "imbalance");
    assertThat(report.pictures().get("scores").svg()).contains("discriminant, without memory");
  }

  @Test
  void shouldGiveTheSameFiguresAgain() throws IOException {
    LabRequest request = request(Set.of(Method.RANDOM, Method.BTX), Set.of());
    JsonNode first = Lab.run(request, LabProgress.NONE).json();

    JsonNode second = Lab.run(request, LabProgress.NONE).json();

    for (String method : List.of("random", "btx")) {
      assertThat(second.at("/methods/" + method + "/domains"))
          .isEqualTo(first.at("/methods/" + method + "/domains"));
    }
  }

  @Test
  void shouldSumTheVeryIntegersThatARecordRoundsTo() throws IOException {
    try (MixtureModel mixture = MixtureModel.load(model(), Device.CPU)) {
      Statistics together = new Statistics(mixture, CONTEXT, GramType.FLOAT64);
      Statistics apart = new Statistics(mixture, CONTEXT, GramType.FLOAT64);
      List<int[]> some = train.sequences("math", CONTEXT, 0, 100);
      List<int[]> other = train.sequences("code", CONTEXT, 0, 150);

      together.add("math", some);
      together.add("code", other);
      apart.add("code", other);
      apart.add("math", some);

      LayerStatistics layer = together.layer(1, List.of("math", "code"));
      int n = layer.size();
      assertThat(apart.layer(1, List.of("math", "code")).a()).containsExactly(layer.a());
      assertThat(layer.a()[n * n - 1]).isEqualTo(250);
      assertThat(layer.b()[(n - 1) * 2]).isEqualTo(100);
      assertThat(layer.b()[(n - 1) * 2 + 1]).isEqualTo(150);
      // b of a domain is the last column of its A.
      for (int i = 0; i < n; i++) {
        assertThat(layer.b()[2 * i] + layer.b()[2 * i + 1])
            .isCloseTo(layer.a()[i * n + n - 1], within(1e-9));
      }
    }
  }

  @Test
  void shouldTrainGatesTowardsALowerLoss() throws IOException {
    try (MixtureModel mixture = MixtureModel.load(model(), Device.CPU)) {
      List<String> names = List.copyOf(experts.keySet());
      RouterWeights start = Gates.random(mixture.config().layers(), 128, names, 1);
      List<Double> losses = new ArrayList<>();
      GateTraining training =
          new GateTraining(
              mixture,
              train,
              Optional.empty(),
              new GateTraining.Options(40, 5, 1e-2, 0, 4, 32, 2, 1),
              (step, loss) -> losses.add(loss));

      RouterWeights trained = training.train(start, 3).router();

      double before = loss(mixture, start);
      assertThat(losses).hasSize(40);
      assertThat(loss(mixture, trained)).isLessThan(before - 0.02);
    }
  }

  @Test
  void shouldKeepTheStartWhereTrainingDoesNotPay() throws IOException {
    try (MixtureModel mixture = MixtureModel.load(model(), Device.CPU)) {
      List<String> names = List.copyOf(experts.keySet());
      RouterWeights gates = Gates.random(mixture.config().layers(), 128, names, 1);
      Map<String, String> strings = new LinkedHashMap<>(gates.metadata());
      strings.put("version", "7");
      strings.put("sha256", "of these gates");
      strings.put(RouterWeights.POLICY, "smoothing=0.9");
      RouterWeights start = Gates.like(gates, strings);
      List<Integer> judged = new ArrayList<>();
      // A step in the wrong direction: the loss is mostly that of an uneven load.
      GateTraining.Options harmful = new GateTraining.Options(2, 0, 5, 1e6, 1, 16, 2, 0.5);
      GateTraining training =
          new GateTraining(
              mixture,
              train,
              Optional.of(heldOut),
              harmful,
              new GateTraining.Listener() {
                @Override
                public void step(int step, double loss) {}

                @Override
                public void judged(int step, double loss) {
                  judged.add(step);
                }
              });

      GateTraining.Trained trained = training.train(start, 3);

      assertThat(judged).containsExactly(0, 1, 2);
      assertThat(trained.steps()).isZero();
      assertThat(trained.router().weight(1)).containsExactly(start.weight(1));
      assertThat(trained.router().metadata())
          .containsEntry("experts", String.join(",", names))
          .containsEntry("version", "7")
          .containsEntry(
              RouterWeights.POLICY, "top-k=2,temperature=0.5,smoothing=0.9,below=0,above=0")
          .doesNotContainKey("sha256");
      assertThat(new ObjectMapper().readTree(trained.router().metadata().get("training")))
          .isEqualTo(
              new ObjectMapper()
                  .readTree(
                      "{\"start\": 7, \"start_sha256\": \"of these gates\", \"steps\": 0, \"learning_rate\": 5.0, \"balance\": 1e6, \"tokens\": %d, \"seed\": 3}"
                          .formatted(names.stream().mapToLong(train::tokens).sum())));
    }
  }

  private static double loss(MixtureModel mixture, RouterWeights router) {
    return mixture
        .gateGradient(
            train.windows(12, 33, new SplittableRandom(9)),
            router,
            new GateTraining.Options(1, 0, 1, 0, 1, 1, 2, 1).policy(),
            0)
        .loss();
  }

  @Test
  void shouldRaiseTheLearningRateAndLetItFall() {
    GateTraining.Options options = new GateTraining.Options(100, 10, 1, 0, 1, 1, 2, 1);

    assertThat(options.rate(1)).isEqualTo(0.1);
    assertThat(options.rate(10)).isEqualTo(1);
    assertThat(options.rate(11)).isEqualTo(1);
    assertThat(options.rate(100)).isCloseTo(1 / 90.0, within(1e-12));
  }

  @Test
  void shouldCutTrainingTextExactly() {
    List<int[]> sequences = train.sequences("novel", 50, 7, 127);

    assertThat(sequences.stream().mapToInt(ids -> ids.length).sum()).isEqualTo(120);
    assertThat(sequences).allSatisfy(ids -> assertThat(ids.length).isBetween(1, 50));
    assertThat(
            train.sequences("novel", 50, 0, Long.MAX_VALUE).stream().mapToLong(i -> i.length).sum())
        .isEqualTo(train.tokens("novel"));
  }

  @Test
  void shouldRefuseADomainWithoutItsExpert() {
    Map<String, Path> fewer = new LinkedHashMap<>(experts);
    fewer.remove("novel");

    assertThatThrownBy(
            () ->
                new LabRequest(
                    model(),
                    fewer,
                    Device.CPU,
                    train,
                    heldOut,
                    heldOut,
                    heldOut,
                    TaskSet.none(),
                    CONTEXT,
                    1_000,
                    0.01,
                    1,
                    GateTraining.Options.DEFAULT,
                    Set.of(),
                    Set.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("novel");
  }
}
