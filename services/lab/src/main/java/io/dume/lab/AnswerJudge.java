package io.dume.lab;

import io.dume.evaluator.RoutingChoice;
import io.dume.models.DenseModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lets dense experts and methods answer questions, whatever kind of questions they are. */
final class AnswerJudge {

  /** Asks all questions of a domain; gives the share that was answered right. */
  interface Scorer {
    /**
     * @param what who is asked, for people
     */
    double dense(String what, String domain, DenseModel expert);

    /**
     * @param what who is asked, for people
     */
    double mixture(String what, String domain, RoutingChoice choice);
  }

  private AnswerJudge() {}

  /**
   * @param questions how many there are, by domain
   * @param methods how each routes, by seed
   */
  static Answers judge(
      LabRequest request,
      Map<String, Integer> questions,
      Map<Method, List<RoutingChoice>> methods,
      Scorer scorer)
      throws IOException {
    Map<String, Double> dense = new LinkedHashMap<>();
    for (String domain : questions.keySet()) {
      try (DenseModel expert = DenseModel.load(request.experts().get(domain), request.device())) {
        dense.put(domain, scorer.dense("dense " + domain, domain, expert));
      }
    }
    Map<Method, List<Map<String, Double>>> found = new LinkedHashMap<>();
    methods.forEach(
        (method, seeds) -> {
          List<Map<String, Double>> runs = new ArrayList<>();
          for (RoutingChoice choice : seeds) {
            Map<String, Double> run = new LinkedHashMap<>();
            for (String domain : questions.keySet()) {
              run.put(domain, scorer.mixture(method.label() + " on " + domain, domain, choice));
            }
            runs.add(run);
          }
          found.put(method, runs);
        });
    return new Answers(questions, dense, found);
  }
}
