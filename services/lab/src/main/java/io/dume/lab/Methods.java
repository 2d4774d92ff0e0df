package io.dume.lab;

import io.dume.evaluator.EvaluationSet;
import io.dume.evaluator.PolicySearch;
import io.dume.evaluator.RoutingChoice;
import io.dume.models.ChoiceListener;
import io.dume.models.ModelConfig;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/** The comparison: one method after the other on the same test text. Used once. */
final class Methods {

  /** Readings of a sample for the time of a token, of which the median is taken. */
  private static final int READINGS = 3;

  private final Workplace workplace;
  private final LabRequest request;
  private final EvaluationSet test;
  private final Map<Method, List<RoutingChoice>> choices = new LinkedHashMap<>();
  private Map<String, Double> own = Map.of();
  private Optional<RouterWeights> solved = Optional.empty();
  private List<RouterWeights> plus = List.of();

  Methods(Workplace workplace) {
    this.workplace = workplace;
    this.request = workplace.request();
    this.test = request.test();
  }

  /** Judges all that is asked for, in the order of {@link Method}. */
  LabReport run() throws IOException {
    if (request.methods().isEmpty()) {
      return new LabReport(workplace.experts(), own, Map.of(), Map.of(), Map.of());
    }
    Map<String, Map<String, Double>> dense =
        workplace.dense(test, request.methods().contains(Method.DENSE));
    own = Workplace.own(test, dense);
    Map<Method, MethodResult> results = new LinkedHashMap<>();
    for (Method method : Method.values()) {
      if (method == Method.DENSE || !request.methods().contains(method)) {
        continue;
      }
      MethodResult result = judge(method);
      results.put(method, result);
      workplace
          .progress()
          .done("%s: mean normalised performance %.3f".formatted(method.label(), result.mean()));
    }
    time(results);
    return new LabReport(
        workplace.experts(),
        own,
        request.methods().contains(Method.DENSE) ? dense : Map.of(),
        results,
        routers());
  }

  /** Returns how each method that was judged routes, by seed. */
  Map<Method, List<RoutingChoice>> choices() {
    return choices;
  }

  /** The gates of each method that has some, those of the first seed, with their policy. */
  private Map<Method, RouterWeights> routers() {
    Map<Method, RouterWeights> routers = new LinkedHashMap<>();
    choices.forEach(
        (method, seeds) -> {
          if (seeds.get(0) instanceof RoutingChoice.Gates gates) {
            Map<String, String> strings = new LinkedHashMap<>(gates.router().metadata());
            strings.put(RouterWeights.POLICY, gates.policy().toString());
            routers.put(method, Gates.like(gates.router(), strings));
          }
        });
    return routers;
  }

  /** Those with gates in turns, so that whatever else the machine does hits all alike. */
  private void time(Map<Method, MethodResult> results) {
    Map<Method, List<Double>> times = new LinkedHashMap<>();
    for (int reading = 0; reading < READINGS; reading++) {
      choices.forEach(
          (method, seeds) -> {
            if (seeds.get(0) instanceof RoutingChoice.Gates gates) {
              long begin = System.nanoTime();
              workplace.judge(request.sample(), method.label() + ", its time", gates);
              times
                  .computeIfAbsent(method, m -> new ArrayList<>())
                  .add((System.nanoTime() - begin) / 1e3 / request.sample().tokens());
            }
          });
    }
    times.forEach(
        (method, all) ->
            results.computeIfPresent(
                method,
                (m, result) -> result.withTime(all.stream().sorted().toList().get(READINGS / 2))));
  }

  private RouterWeights solved() {
    if (solved.isEmpty()) {
      RouterWeights gates =
          workplace.solve(workplace.statistics(request.contextDim(), request.tokensPerDomain()));
      solved = Optional.of(workplace.whole(gates));
    }
    return solved.get();
  }

  private List<RouterWeights> plus() {
    if (plus.isEmpty()) {
      plus = trained(Method.DUME_PLUS, seed -> solved());
    }
    return plus;
  }

  private MethodResult judge(Method method) {
    RoutingPolicy paper = RoutingPolicy.PAPER;
    RoutingPolicy training = request.training().policy();
    return switch (method) {
      case AVERAGE -> plain(method, seed -> new RoutingChoice.Average(), 1);
      case RANDOM -> plain(method, RoutingChoice.Random::new, request.seeds());
      case ORACLE -> plain(method, seed -> new RoutingChoice.Oracle(), 1);
      case DUME -> gates(method, List.of(solved()), paper);
      case DUME_MEMORY -> gates(method, List.of(solved()), remembering(method, solved(), paper));
      case DUME_K -> gates(method, List.of(solved()), training);
      case DUME_K_MEMORY ->
          gates(method, List.of(solved()), remembering(method, solved(), training));
      case BTX -> gates(method, trained(method, this::random), training);
      case DUME_PLUS -> gates(method, plus(), training);
      case DUME_PLUS_MEMORY -> gates(method, plus(), remembering(method, plus().get(0), training));
      case DENSE -> throw new IllegalStateException("dense experts have a table of their own");
    };
  }

  private RouterWeights random(long seed) {
    ModelConfig config = workplace.model().config();
    return workplace.whole(
        Gates.random(config.layers(), config.hiddenSize(), workplace.experts(), seed));
  }

  private MethodResult plain(Method method, LongFunction<RoutingChoice> choice, int seeds) {
    List<RoutingChoice> all = LongStream.range(0, seeds).mapToObj(choice).toList();
    choices.put(method, all);
    return new MethodResult(
        own,
        all.stream().map(one -> workplace.judge(test, method.label(), one)).toList(),
        Optional.empty(),
        Optional.empty(),
        0);
  }

  /** The choices of the first router are looked at while it is judged. */
  private MethodResult gates(Method method, List<RouterWeights> routers, RoutingPolicy policy) {
    RoutingQuality.Recorder recorder = new RoutingQuality.Recorder();
    List<RoutingChoice> all = new ArrayList<>();
    List<Map<String, Double>> runs = new ArrayList<>();
    for (RouterWeights router : routers) {
      RoutingChoice choice = new RoutingChoice.Gates(router, policy);
      ChoiceListener listener = all.isEmpty() ? recorder : ChoiceListener.NONE;
      runs.add(workplace.judge(test, method.label(), choice, listener));
      all.add(choice);
    }
    choices.put(method, all);
    return new MethodResult(
        own,
        runs,
        Optional.of(policy.toString()),
        Optional.of(recorder.quality(workplace.experts().size())),
        0);
  }

  /** The policy of as many experts a token that suits validation text best. */
  private RoutingPolicy remembering(Method method, RouterWeights router, RoutingPolicy choice) {
    PolicySearch search =
        new PolicySearch(
            workplace.evaluator(request.validation(), "policy of " + method.label()),
            judged ->
                workplace
                    .progress()
                    .passing("policy %s: loss %.4f".formatted(judged.policy(), judged.loss())));
    PolicySearch.Judged best =
        search.search(workplace.model(), router, choice.k(), choice.temperature());
    workplace
        .progress()
        .done("%s: policy of validation text %s".formatted(method.label(), best.policy()));
    return best.policy();
  }

  private GateTraining.Listener telling(String what, int steps) {
    return new GateTraining.Listener() {
      @Override
      public void step(int step, double loss) {
        workplace
            .progress()
            .passing("%s: step %d of %d, loss %.3f".formatted(what, step, steps, loss));
      }

      @Override
      public void judging(int step) {
        workplace
            .progress()
            .passing("%s: judged after %d of %d steps".formatted(what, step, steps));
      }
    };
  }

  private List<RouterWeights> trained(Method method, LongFunction<RouterWeights> start) {
    List<RouterWeights> routers = new ArrayList<>();
    GateTraining.Options options = request.training();
    for (int seed = 0; seed < request.seeds(); seed++) {
      String what = "%s, seed %d of %d".formatted(method.label(), seed + 1, request.seeds());
      GateTraining.Trained trained =
          new GateTraining(
                  workplace.model(),
                  request.train(),
                  Optional.of(request.validation()),
                  options,
                  telling(what, options.steps()))
              .train(start.apply(seed), seed);
      workplace
          .progress()
          .done(
              "%s: best after %d of %d steps, held-out loss %.4f"
                  .formatted(
                      what, trained.steps(), options.steps(), trained.heldOut().orElseThrow()));
      routers.add(trained.router());
    }
    return routers;
  }
}
