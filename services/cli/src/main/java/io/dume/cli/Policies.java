package io.dume.cli;

import io.dume.models.RoutingPolicy;
import io.dume.schemas.message.Policy;

/** A routing policy as messages and as models know it. */
final class Policies {
  private Policies() {}

  static RoutingPolicy of(Policy message) {
    return new RoutingPolicy(
        message.getTopK(),
        message.getTemperature(),
        message.getSmoothing(),
        message.getBelow(),
        message.getAbove());
  }

  static Policy message(RoutingPolicy policy) {
    return new Policy(
        policy.k(), policy.temperature(), policy.smoothing(), policy.below(), policy.above());
  }
}
