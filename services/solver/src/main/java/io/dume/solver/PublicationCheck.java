package io.dume.solver;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.Membership;
import io.dume.schemas.control.PolicyRange;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.RouterVersion;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Whether trained gates are for a router as it is now.
 *
 * @param start the version that they were trained from
 * @param gates the gates
 */
record PublicationCheck(RouterVersion start, TrainedGates gates) {

  /**
   * Refuses gates that are not.
   *
   * @param state what the control log says now
   * @throws IllegalArgumentException saying why, and what would do
   */
  void require(ControlState state) {
    if (!gates.startSha256().equalsIgnoreCase(start.getSha256())) {
      throw unfit(
          "they were trained from gates of sha256 %s, version %d has %s: take the router and the installation that they were exported from, or train from what `dume router export` writes"
              .formatted(gates.startSha256(), start.getVersion(), start.getSha256()));
    }
    requireShape();
    if (!gates.backbone().equals(start.getFit().getBackbone())) {
      throw unfit(
          "they were trained with backbone %s, version %d is of %s: train with the merged model of that version"
              .formatted(gates.backbone(), start.getVersion(), start.getFit().getBackbone()));
    }
    if (!gates.experts().equals(start.getExperts())) {
      throw unfit(
          "they are for experts %s, version %d has %s: train with the merged model of that version"
              .formatted(
                  described(gates.experts()), start.getVersion(), described(start.getExperts())));
    }
    if (!start.getIntercept() && gates.biases().stream().anyMatch(PublicationCheck::hasIntercept)) {
      throw unfit(
          "version %d was solved without an intercept, they have one: train the weights alone"
              .formatted(start.getVersion()));
    }
    gates
        .policy()
        .flatMap(policy -> PolicyRange.problem(policy, gates.experts().size()))
        .ifPresent(
            problem -> {
              throw unfit("their routing policy is not possible: " + problem);
            });
    requireServing(state);
  }

  private void requireShape() {
    int layers = start.getFit().getLayers();
    int width = start.getFit().getWidth();
    int experts = start.getExperts().size();
    boolean same =
        gates.weights().size() == layers
            && gates.weights().stream().allMatch(weight -> weight.length == experts * width)
            && gates.biases().stream().allMatch(bias -> bias.length == experts);
    if (!same) {
      throw unfit(
          "version %d, which they were trained from, has %d layers of %d experts and width %d, they have another shape: train with the merged model of that version"
              .formatted(start.getVersion(), layers, experts, width));
    }
  }

  private void requireServing(ControlState state) {
    Optional<Fit> serving = state.fit(start.getRouter());
    if (!serving.map(Fit::getId).equals(Optional.of(start.getFit().getId()))) {
      throw unfit(
          "the router serves another fit now than that of version %d: train from its newest version"
              .formatted(start.getVersion()));
    }
    List<Expert> now =
        state.experts(start.getRouter()).map(ExpertsChanged::getExperts).orElse(List.of());
    if (!now.equals(start.getExperts())) {
      throw unfit(
          "the router has experts %s now, version %d has %s: train from a version with these, for which `dume solve` asks"
              .formatted(described(now), start.getVersion(), described(start.getExperts())));
    }
    List<String> gone = gone(state);
    if (!gone.isEmpty()) {
      throw unfit(
          "version %d has tokens of domains %s, which were taken out of the router or given to another expert since, even if they came back: train from a newer version, for which `dume solve` asks"
              .formatted(start.getVersion(), gone));
    }
  }

  /** Domains of the start whose statistics are no longer the same column's of the same fit. */
  private List<String> gone(ControlState state) {
    Map<String, Membership> memberships = state.memberships(start.getFit().getId());
    Map<String, String> experts = new HashMap<>();
    state
        .experts(start.getRouter())
        .map(ExpertsChanged::getDomains)
        .orElse(List.of())
        .forEach((DomainExpert d) -> experts.put(d.getDomain(), d.getExpert()));
    return Stream.concat(start.getDomains().stream(), start.getHeldOut().stream())
        .filter(
            then -> {
              Membership now = memberships.get(then.getDomain());
              return now == null
                  || now.since() > start.getExpertsVersion()
                  || !then.getExpert().equals(experts.get(then.getDomain()));
            })
        .map(DomainTokens::getDomain)
        .distinct()
        .toList();
  }

  private static boolean hasIntercept(float[] bias) {
    for (float value : bias) {
      if (value != 0) {
        return true;
      }
    }
    return false;
  }

  /** Names are not enough: an expert of the same name can have other MLPs. */
  private static List<String> described(List<Expert> experts) {
    return experts.stream()
        .map(
            expert ->
                "%s (%s)".formatted(expert.getName(), expert.getMlp().replaceAll("(?<=.{8}).", "")))
        .toList();
  }

  private IllegalArgumentException unfit(String what) {
    return new IllegalArgumentException(
        "the gates can't be published as router %s: %s".formatted(start.getRouter(), what));
  }
}
