package io.dume.lab;

import io.dume.evaluator.EvaluationSet;
import io.dume.models.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the lab is to compare, and with what. A domain is its expert's name.
 *
 * @param model a merged model
 * @param experts the dense experts' directories, one for each expert of the model
 * @param device where to compute
 * @param train text that statistics and training learn from, of every expert
 * @param validation text that policies are chosen by
 * @param test text that methods are judged by
 * @param sample text that ablations are judged by, and that is read to tell a token's time
 * @param tasks questions that methods answer
 * @param contextDim tokens of a sequence that count
 * @param tokensPerDomain of the training text that gates are solved from, at most
 * @param lambda the ridge penalty
 * @param seeds how often what is random is done
 * @param training how gates are trained
 * @param methods the rows
 * @param ablations what is varied
 */
public record LabRequest(
    Path model,
    Map<String, Path> experts,
    Device device,
    TrainingText train,
    EvaluationSet validation,
    EvaluationSet test,
    EvaluationSet sample,
    TaskSet tasks,
    int contextDim,
    long tokensPerDomain,
    double lambda,
    int seeds,
    GateTraining.Options training,
    Set<Method> methods,
    Set<Ablation> ablations) {

  /** Checks that text, experts and numbers fit together. */
  public LabRequest {
    experts = Collections.unmodifiableMap(new LinkedHashMap<>(experts));
    methods = Set.copyOf(methods);
    ablations = Set.copyOf(ablations);
    List<String> names = new ArrayList<>(experts.keySet());
    if (names.isEmpty() || !train.domains().containsAll(names)) {
      throw new IllegalArgumentException(
          "text to learn from of %s, experts %s: each expert needs some of its own name"
              .formatted(train.domains(), names));
    }
    for (EvaluationSet held : List.of(validation, test, sample)) {
      if (!names.containsAll(held.domains())) {
        throw new IllegalArgumentException(
            "held-out text of %s, experts %s: a domain is judged beside the expert of its name"
                .formatted(held.domains(), names));
      }
    }
    if (!names.containsAll(tasks.domains())) {
      throw new IllegalArgumentException(
          "questions of %s, experts %s: a domain is judged beside the expert of its name"
              .formatted(tasks.domains(), names));
    }
    if (contextDim < 1 || tokensPerDomain < 1 || seeds < 1 || !(lambda >= 0)) {
      throw new IllegalArgumentException(
          "context_dim %d, tokens per domain %d, seeds %d: at least 1; λ %s: at least 0"
              .formatted(contextDim, tokensPerDomain, seeds, lambda));
    }
    if (training.k() > names.size() && methods.stream().anyMatch(Method::isOfTraining)) {
      throw new IllegalArgumentException(
          "training with %d experts a token: there are %d, %s"
              .formatted(training.k(), names.size(), names));
    }
  }
}
