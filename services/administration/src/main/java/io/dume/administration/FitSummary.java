package io.dume.administration;

import io.dume.schemas.control.FitStatus;
import io.dume.schemas.message.Fit;
import java.util.List;
import java.util.Optional;

/**
 * A fit of a router, for people.
 *
 * @param fit its settings
 * @param status whether it serves
 * @param failure why it was stopped, or nothing
 * @param experts names in column order; empty while nobody listed them
 * @param domains that it counts
 */
public record FitSummary(
    Fit fit,
    FitStatus status,
    Optional<String> failure,
    List<String> experts,
    List<String> domains) {
  public FitSummary {
    experts = List.copyOf(experts);
    domains = List.copyOf(domains);
  }
}
