package io.dume.router;

import io.dume.schemas.control.PolicyRange;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoublePredicate;

/**
 * What a version says of itself, looked at before anybody computes with it: lists that belong
 * together must be of lengths that do, and numbers be numbers. Whoever may write to router-versions
 * can write anything.
 */
final class VersionCheck {
  private final RouterVersion version;
  private final List<String> experts;
  private final List<String> faults = new ArrayList<>();

  private VersionCheck(RouterVersion version) {
    this.version = version;
    this.experts = version.getExperts().stream().map(Expert::getName).toList();
  }

  /** The first thing that can't be, with its field; nothing if all can. */
  static Optional<String> fault(RouterVersion version) {
    VersionCheck check = new VersionCheck(version);
    check.experts();
    version.getPolicy().ifPresent(check::policy);
    version.getTraining().ifPresent(check::training);
    check.layers();
    return check.faults.stream().findFirst();
  }

  private void experts() {
    require(new HashSet<>(experts).size() == experts.size(), "experts %s: names differ", experts);
    Set<String> domains = new HashSet<>();
    for (DomainTokens domain : version.getDomains()) {
      require(domains.add(domain.getDomain()), "domains: %s is there twice", domain.getDomain());
      require(
          experts.contains(domain.getExpert()) && domain.getTokens() >= 0,
          "domains: %s, of expert %s with %d tokens: the experts are %s",
          domain.getDomain(),
          domain.getExpert(),
          domain.getTokens(),
          experts);
    }
    require(
        version.getFit().getContextDim() >= 1,
        "fit.contextDim %d: at least 1",
        version.getFit().getContextDim());
  }

  private void policy(Policy policy) {
    PolicyRange.problem(policy, experts.size())
        .ifPresent(problem -> faults.add("policy with " + problem));
  }

  private void training(Training training) {
    require(
        training.getStart() >= 1 && training.getStart() < version.getVersion(),
        "training.start %d: an earlier version's number",
        training.getStart());
    require(training.getSteps() >= 1, "training.steps %d: at least 1", training.getSteps());
    require(training.getTokens() >= 1, "training.tokens %d: at least 1", training.getTokens());
    require(
        training.getLearningRate() > 0 && Double.isFinite(training.getLearningRate()),
        "training.learningRate %s: a positive number",
        training.getLearningRate());
    require(
        training.getBalance() >= 0 && Double.isFinite(training.getBalance()),
        "training.balance %s: at least 0",
        training.getBalance());
    require(
        version.getLayers().isEmpty(),
        "layers tell of %d solved gates, and training of gates that were trained",
        version.getLayers().size());
  }

  private void layers() {
    List<LayerSolution> layers = version.getLayers();
    require(
        layers.isEmpty() || layers.size() == version.getFit().getLayers(),
        "layers tell of %d gates, the fit has %d",
        layers.size(),
        version.getFit().getLayers());
    for (int l = 0; l < layers.size(); l++) {
      LayerSolution layer = layers.get(l);
      require(layer.getLayer() == l, "layers: at %d is number %d", l, layer.getLayer());
      int n = experts.size();
      for (int column : layer.getZeroColumns()) {
        require(
            column >= 0 && column < n,
            "layers[%d].zeroColumns has %d, experts are 0 to %d",
            l,
            column,
            n - 1);
      }
      list(l, "separability", layer.getSeparability(), n, value -> true);
      list(l, "norms", layer.getNorms(), n, norm -> norm > 0 && Double.isFinite(norm));
      list(l, "scoreSums", layer.getScoreSums(), n * n, Double::isFinite);
      list(l, "scoreProducts", layer.getScoreProducts(), n * n, Double::isFinite);
      list(l, "earlierScoreSums", layer.getEarlierScoreSums(), n * n, Double::isFinite);
      require(
          layer.getScoreSums().size() == layer.getScoreProducts().size()
              && (layer.getScoreSums().isEmpty() || !layer.getNorms().isEmpty()),
          "layers[%d]: %d scoreSums, %d scoreProducts and %d norms do not belong together",
          l,
          layer.getScoreSums().size(),
          layer.getScoreProducts().size(),
          layer.getNorms().size());
    }
  }

  /** Versions of before a list was computed have none of it. */
  private void list(
      int layer, String field, List<Double> values, int needed, DoublePredicate possible) {
    require(
        values.isEmpty() || values.size() == needed,
        "layers[%d].%s has %d numbers, %d experts need %d",
        layer,
        field,
        values.size(),
        experts.size(),
        needed);
    for (double value : values) {
      require(possible.test(value), "layers[%d].%s has %s", layer, field, value);
    }
  }

  private void require(boolean possible, String otherwise, Object... values) {
    if (!possible) {
      faults.add(otherwise.formatted(values));
    }
  }
}
