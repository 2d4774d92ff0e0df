package io.dume.lab;

import io.dume.evaluator.EvaluationSet;
import io.dume.evaluator.PolicySearch;
import io.dume.evaluator.RoutingChoice;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;

/** The comparison: one method after the other on the same test text. Used once. */
final class Methods {

  /** Readings of a sample for the time of a token, of which the median is taken. */
  private static final int READINGS = 5;

  private final Workplace workplace;
  private final LabRequest request;
  private final EvaluationSet test;
  private final Map<Method, RoutingChoice> choices = new LinkedHashMap<>();
  private Map<String, Double> own = Map.of();

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
    Optional<RouterWeights> solved = Optional.empty();
    for (Method method : Method.values()) {
      if (method == Method.DENSE || !request.methods().contains(method)) {
        continue;
      }
      if (solved.isEmpty() && needsGates(method)) {
        solved = Optional.of(solve());
      }
      MethodResult result = judge(method, solved);
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
        Map.of());
  }

  /** Returns how each method that was judged routes; with several seeds, the first one's. */
  Map<Method, RoutingChoice> choices() {
    return choices;
  }

  /** Those with gates in turns, so that whatever else the machine does hits all alike. */
  private void time(Map<Method, MethodResult> results) {
    Map<Method, List<Double>> times = new LinkedHashMap<>();
    for (int reading = 0; reading < READINGS; reading++) {
      choices.forEach(
          (method, choice) -> {
            if (choice instanceof RoutingChoice.Gates) {
              long begin = System.nanoTime();
              workplace.judge(request.sample(), method.label() + ", its time", choice);
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

  private static boolean needsGates(Method method) {
    return switch (method) {
      case DUME, DUME_MEMORY, DUME_PLUS -> true;
      default -> false;
    };
  }

  private RouterWeights solve() {
    return workplace.solve(workplace.statistics(request.contextDim(), request.tokensPerDomain()));
  }

  private MethodResult judge(Method method, Optional<RouterWeights> solved) {
    return switch (method) {
      case AVERAGE -> plain(method, seed -> new RoutingChoice.Average(), 1);
      case RANDOM -> plain(method, RoutingChoice.Random::new, request.seeds());
      case ORACLE -> plain(method, seed -> new RoutingChoice.Oracle(), 1);
      case DUME -> gates(method, List.of(solved.orElseThrow()), RoutingPolicy.PAPER);
      case DUME_MEMORY ->
          gates(method, List.of(solved.orElseThrow()), policy(solved.orElseThrow()));
      case BTX -> trained(method, Optional.empty());
      case DUME_PLUS -> trained(method, solved);
      case DENSE -> throw new IllegalStateException("dense experts have a table of their own");
    };
  }

  private MethodResult plain(Method method, LongFunction<RoutingChoice> choice, int seeds) {
    List<Map<String, Double>> runs = new ArrayList<>();
    for (int seed = 0; seed < seeds; seed++) {
      runs.add(workplace.judge(test, method.label(), choice.apply(seed)));
    }
    choices.put(method, choice.apply(0));
    return new MethodResult(own, runs, Optional.empty(), Optional.empty(), 0);
  }

  private MethodResult gates(Method method, List<RouterWeights> routers, RoutingPolicy policy) {
    List<Map<String, Double>> runs = new ArrayList<>();
    for (RouterWeights router : routers) {
      runs.add(workplace.judge(test, method.label(), new RoutingChoice.Gates(router, policy)));
    }
    RoutingChoice first = new RoutingChoice.Gates(routers.get(0), policy);
    choices.put(method, first);
    RoutingQuality.Recorder recorder = new RoutingQuality.Recorder();
    workplace.judge(test, method.label() + ", its choices", first, recorder);
    return new MethodResult(
        own,
        runs,
        Optional.of(policy.toString()),
        Optional.of(recorder.quality(workplace.experts().size())),
        0);
  }

  private RoutingPolicy policy(RouterWeights router) {
    PolicySearch search =
        new PolicySearch(
            workplace.evaluator(request.validation(), "policy"),
            judged ->
                workplace
                    .progress()
                    .passing("policy %s: loss %.4f".formatted(judged.policy(), judged.loss())));
    PolicySearch.Judged best = search.search(workplace.model(), router, 1, 1);
    workplace.progress().done("policy of validation text: " + best.policy());
    return best.policy();
  }

  private MethodResult trained(Method method, Optional<RouterWeights> start) {
    List<RouterWeights> routers = new ArrayList<>();
    GateTraining.Options options = request.training();
    for (int seed = 0; seed < request.seeds(); seed++) {
      int number = seed + 1;
      GateTraining training =
          new GateTraining(
              workplace.model(),
              request.train(),
              options,
              (step, loss) ->
                  workplace
                      .progress()
                      .passing(
                          "%s, seed %d of %d: step %d of %d, loss %.3f"
                              .formatted(
                                  method.label(),
                                  number,
                                  request.seeds(),
                                  step,
                                  options.steps(),
                                  loss)));
      List<String> experts = workplace.experts();
      RouterWeights first =
          start.isPresent()
              ? start.get()
              : Gates.random(
                  workplace.model().config().layers(),
                  workplace.model().config().hiddenSize(),
                  experts,
                  seed);
      routers.add(training.train(first, experts, seed));
    }
    return gates(method, routers, options.policy());
  }
}
