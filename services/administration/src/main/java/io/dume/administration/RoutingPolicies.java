package io.dume.administration;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.PolicyRange;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.PolicyChosen;
import java.util.Optional;

/**
 * How a router's gates should be used: a record of the control log, which the versions after it
 * carry. Thread-safe: each call opens the log anew.
 */
public final class RoutingPolicies {
  private final KafkaSettings kafka;
  private final Topics topics;
  private final String router;

  /**
   * @param kafka how to reach the cluster
   * @param topics the installation
   * @param router the router's name
   */
  public RoutingPolicies(KafkaSettings kafka, Topics topics, String router) {
    this.kafka = kafka;
    this.topics = topics;
    this.router = router;
  }

  /** {@return what was chosen last, or nothing while nobody has chosen: as in the paper} */
  public Optional<PolicyChosen> current() {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      return log.state().policy(router);
    }
  }

  /**
   * Chooses the policy of the versions to come.
   *
   * @param policy the policy
   * @param reason who chose it and by what, for people
   * @throws AdministrationException if the router has no fit, or the policy is not possible
   * @throws InterruptedException if interrupted while the broker answers
   */
  public void choose(Policy policy, String reason) throws InterruptedException {
    PolicyRange.problem(policy, ControlState.MAX_EXPERTS)
        .ifPresent(
            problem -> {
              throw new AdministrationException("a policy is not possible with " + problem);
            });
    if (reason.length() > ControlState.MAX_REQUEST_CHARACTERS) {
      throw new AdministrationException(
          "a reason of %d characters: give at most %d"
              .formatted(reason.length(), ControlState.MAX_REQUEST_CHARACTERS));
    }
    PolicyChosen chosen = new PolicyChosen(router, policy, reason);
    try (ControlLog log = new ControlLog(kafka, topics)) {
      if (log.state().fit(router).isEmpty()) {
        throw new AdministrationException(
            "router %s has no fit yet: the first feature extractor creates it".formatted(router));
      }
      if (!log.state().policy(router).equals(Optional.of(chosen))) {
        boolean counted = log.append(chosen);
        requireTaken(counted, log.state(), chosen);
      }
    }
  }

  /** Somebody may have chosen the same meanwhile, or something else right after. */
  static void requireTaken(boolean counted, ControlState state, PolicyChosen chosen) {
    Optional<PolicyChosen> now = state.policy(chosen.getRouter());
    if (!counted && !now.equals(Optional.of(chosen))) {
      throw new AdministrationException(
          "the control log did not take the policy %s of router %s, which has %s now: look at `dume policy show` and choose again"
              .formatted(
                  chosen.getPolicy(),
                  chosen.getRouter(),
                  now.map(PolicyChosen::getPolicy).map(Policy::toString).orElse("none")));
    }
  }
}
