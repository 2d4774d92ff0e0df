package io.dume.lab;

import io.dume.evaluator.EvaluationSet;
import io.dume.evaluator.RoutingChoice;
import io.dume.lab.Series.Point;
import io.dume.models.GramType;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import io.dume.pictures.Axis;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One thing varied while all else stays, judged on a sample of test text. */
final class Ablations {

  /** What the policy search finds on the demo: remembers some twenty tokens. */
  private static final double MEMORY = 0.95;

  private static final String NO_MEMORY = "without memory";
  private static final String WITH_MEMORY = "smoothing " + MEMORY;
  private static final List<Double> LAMBDAS =
      List.of(1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4);
  private static final List<Double> TEMPERATURES = List.of(0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0);
  private static final List<Double> SMOOTHINGS =
      List.of(0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99);
  private static final List<Integer> IMBALANCES = List.of(100, 30, 10, 3, 1);
  private static final long MOST_TOKENS = 1_000_000;
  private static final RoutingPolicy REMEMBERING = RoutingPolicy.PAPER.withSmoothing(MEMORY);

  private final Workplace workplace;
  private final LabRequest request;
  private final EvaluationSet sample;
  private final Map<String, Double> own;
  private Optional<Statistics> usual = Optional.empty();

  Ablations(Workplace workplace) throws IOException {
    this.workplace = workplace;
    this.request = workplace.request();
    this.sample = request.sample();
    this.own = Workplace.own(sample, workplace.dense(sample, false));
  }

  /** Tries all that is asked for, in the order of {@link Ablation}. */
  Map<Ablation, Series> run() {
    Map<Ablation, Series> found = new EnumMap<>(Ablation.class);
    for (Ablation ablation : Ablation.values()) {
      if (request.ablations().contains(ablation)) {
        found.put(ablation, run(ablation));
        workplace.progress().done("ablation " + ablation.label() + " is done");
      }
    }
    return found;
  }

  private Series run(Ablation ablation) {
    return switch (ablation) {
      case TOKENS -> tokens();
      case K -> k();
      case TEMPERATURE -> temperature();
      case LAMBDA -> lambda();
      case EXPERTS -> experts();
      case CONTEXT_DIM -> contextDim();
      case PRECISION -> precision();
      case NORMALISATION -> normalisation();
      case SMOOTHING -> smoothing();
      case SCORES -> scores();
      case IMBALANCE -> imbalance();
    };
  }

  private Statistics usual() {
    if (usual.isEmpty()) {
      usual = Optional.of(workplace.statistics(request.contextDim(), request.tokensPerDomain()));
    }
    return usual.get();
  }

  /** One value with and without memory. */
  private void both(List<Point> points, String label, double x, RouterWeights router) {
    points.add(point(NO_MEMORY, label, x, router, RoutingPolicy.PAPER));
    points.add(point(WITH_MEMORY, label, x, router, REMEMBERING));
  }

  private Point point(
      String curve, String label, double x, RouterWeights router, RoutingPolicy policy) {
    Map<String, Double> judged =
        workplace.judge(
            sample, "%s, %s".formatted(label, curve), new RoutingChoice.Gates(router, policy));
    MethodResult result =
        new MethodResult(own, List.of(judged), Optional.empty(), Optional.empty(), 0);
    return new Point(curve, label, x, result.mean(), result.normalised());
  }

  private Series tokens() {
    List<Point> points = new ArrayList<>();
    Statistics statistics =
        new Statistics(workplace.model(), request.contextDim(), GramType.FLOAT64);
    long least =
        workplace.experts().stream().mapToLong(request.train()::tokens).min().orElseThrow();
    long before = 0;
    for (long tokens = 100; before < Math.min(MOST_TOKENS, least); tokens *= 10) {
      long until = Math.min(tokens, Math.min(MOST_TOKENS, least));
      for (String domain : workplace.experts()) {
        workplace.records(
            domain, request.contextDim(), before, until, record -> statistics.add(domain, record));
      }
      both(points, "%d tokens".formatted(until), until, workplace.solve(statistics));
      before = until;
    }
    return new Series(
        points,
        least < MOST_TOKENS
            ? "the text of the domain with the least ends at %d tokens".formatted(least)
            : "");
  }

  private Series k() {
    List<Point> points = new ArrayList<>();
    RouterWeights router = workplace.solve(usual());
    for (int k = 1; k <= workplace.experts().size(); k++) {
      for (double temperature : new double[] {1, 0.1}) {
        String curve = temperature == 1 ? "temperature 1" : "temperature 0.1";
        points.add(
            point(curve, "k = " + k, k, router, RoutingPolicy.PAPER.withChoice(k, temperature)));
      }
      points.add(
          point(
              WITH_MEMORY + ", temperature 0.1",
              "k = " + k,
              k,
              router,
              REMEMBERING.withChoice(k, 0.1)));
    }
    return new Series(points, "");
  }

  private Series temperature() {
    List<Point> points = new ArrayList<>();
    RouterWeights router = workplace.solve(usual());
    int k = Math.min(2, workplace.experts().size());
    for (double temperature : TEMPERATURES) {
      String label = "temperature " + temperature;
      points.add(
          point(
              NO_MEMORY,
              label,
              temperature,
              router,
              RoutingPolicy.PAPER.withChoice(k, temperature)));
      points.add(
          point(WITH_MEMORY, label, temperature, router, REMEMBERING.withChoice(k, temperature)));
    }
    return new Series(points, "k = " + k + ": with one expert a temperature has no effect");
  }

  private Series lambda() {
    List<Point> points = new ArrayList<>();
    for (double lambda : LAMBDAS) {
      both(
          points,
          "λ = " + Axis.tick(lambda),
          lambda,
          workplace.solve(usual(), lambda, Scores.NORMALISED));
    }
    return new Series(points, "");
  }

  /** The first two experts, the first three, and so on, each on the text of their domains. */
  private Series experts() {
    List<Point> points = new ArrayList<>();
    List<String> all = workplace.experts();
    for (int count = 2; count <= all.size(); count++) {
      List<String> some = all.subList(0, count);
      Statistics statistics = usual();
      RouterWeights router =
          Gates.solve(
              statistics.layers(),
              layer -> statistics.layer(layer, some),
              some,
              request.lambda(),
              Scores.NORMALISED);
      for (RoutingPolicy policy : List.of(RoutingPolicy.PAPER, REMEMBERING)) {
        String curve = policy.remembers() ? WITH_MEMORY : NO_MEMORY;
        Point whole = point(curve, count + " experts", count, router, policy);
        Map<String, Double> theirs = whole.domains();
        theirs.keySet().retainAll(some);
        double mean = theirs.values().stream().mapToDouble(Double::doubleValue).average().orElse(0);
        points.add(new Point(curve, whole.label(), count, mean, theirs));
      }
    }
    return new Series(
        points,
        "the backbone is that of all experts; the first ones of %s, judged on their domains"
            .formatted(all));
  }

  private Series contextDim() {
    List<Point> points = new ArrayList<>();
    for (int context = 8; context <= request.contextDim(); context *= 2) {
      both(
          points,
          "context_dim " + context,
          context,
          workplace.solve(workplace.statistics(context, request.tokensPerDomain())));
    }
    return new Series(points, "");
  }

  /** Three ways to sum, each with its λ: what is lost shows where λ does not cover it. */
  private Series precision() {
    List<Point> points = new ArrayList<>();
    FloatSums floats = new FloatSums(workplace.model(), request.contextDim());
    Statistics narrow = new Statistics(workplace.model(), request.contextDim(), GramType.FLOAT32);
    for (String domain : workplace.experts()) {
      workplace.records(
          domain,
          request.contextDim(),
          0,
          request.tokensPerDomain(),
          record -> {
            floats.add(domain, record);
            narrow.add(domain, record);
          });
    }
    List<String> experts = workplace.experts();
    List<String> failures = new ArrayList<>();
    for (double lambda : List.of(1e-6, 1e-2, 1e2)) {
      String label = "λ = " + Axis.tick(lambda);
      points.add(
          point(
              "float64 products, integer sums",
              label,
              lambda,
              workplace.solve(usual(), lambda, Scores.NORMALISED),
              RoutingPolicy.PAPER));
      points.add(
          point(
              "float32 products, integer sums",
              label,
              lambda,
              workplace.solve(narrow, lambda, Scores.NORMALISED),
              RoutingPolicy.PAPER));
      try {
        RouterWeights router =
            Gates.solve(
                floats.layers(),
                layer -> floats.layer(layer, experts),
                experts,
                lambda,
                Scores.NORMALISED);
        points.add(point("float32 sums", label, lambda, router, RoutingPolicy.PAPER));
      } catch (IllegalArgumentException e) {
        failures.add("float32 sums, %s: %s".formatted(label, e.getMessage()));
      }
    }
    return new Series(points, String.join("; ", failures));
  }

  private Series normalisation() {
    List<Point> points = new ArrayList<>();
    both(points, "columns of norm 1", 1, workplace.solve(usual()));
    both(points, "columns as solved", 0, workplace.solve(usual(), request.lambda(), Scores.RAW));
    return new Series(points, "");
  }

  private Series smoothing() {
    List<Point> points = new ArrayList<>();
    RouterWeights router = workplace.solve(usual());
    for (double c : SMOOTHINGS) {
      points.add(point("k = 1", "c = " + c, c, router, RoutingPolicy.PAPER.withSmoothing(c)));
    }
    return new Series(points, "");
  }

  private Series scores() {
    List<Point> points = new ArrayList<>();
    for (Scores scores : Scores.values()) {
      both(
          points,
          scores.label(),
          scores.ordinal(),
          workplace.solve(usual(), request.lambda(), scores));
    }
    return new Series(points, "");
  }

  /**
   * The first expert's domain with all its tokens, the last one's with a share of them, those
   * between in even ratios. From the most uneven on, so that sums only grow.
   */
  private Series imbalance() {
    List<Point> points = new ArrayList<>();
    Statistics statistics =
        new Statistics(workplace.model(), request.contextDim(), GramType.FLOAT64);
    List<String> experts = workplace.experts();
    Map<String, Long> before = new HashMap<>();
    for (int ratio : IMBALANCES) {
      for (int e = 0; e < experts.size(); e++) {
        String domain = experts.get(e);
        double share = Math.pow(ratio, -e / Math.max(1.0, experts.size() - 1.0));
        long until = Math.round(share * request.tokensPerDomain());
        workplace.records(
            domain,
            request.contextDim(),
            before.getOrDefault(domain, 0L),
            until,
            record -> statistics.add(domain, record));
        before.put(domain, until);
      }
      String label = "%d to 1".formatted(ratio);
      for (Scores scores : Scores.values()) {
        RouterWeights router = workplace.solve(statistics, request.lambda(), scores);
        if (scores == Scores.NORMALISED) {
          points.add(
              point(scores.label() + ", " + NO_MEMORY, label, ratio, router, RoutingPolicy.PAPER));
        }
        points.add(point(scores.label() + ", " + WITH_MEMORY, label, ratio, router, REMEMBERING));
      }
    }
    return new Series(
        points,
        "the most tokens are of %s, the least of %s"
            .formatted(experts.get(0), experts.get(experts.size() - 1)));
  }
}
