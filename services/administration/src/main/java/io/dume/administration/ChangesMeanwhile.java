package io.dume.administration;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Id;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What was changed in a router's list while a fit grew beside the one that serves, and would be
 * undone by moving over to it.
 *
 * @param added domains that would be gone
 * @param removed domains that would be back
 */
record ChangesMeanwhile(List<String> added, List<String> removed) {
  ChangesMeanwhile {
    added = List.copyOf(added);
    removed = List.copyOf(removed);
  }

  static ChangesMeanwhile of(ControlState state, String router, Id fit) {
    List<DomainExpert> before = domains(state.beside(fit));
    if (before.isEmpty()) {
      return new ChangesMeanwhile(List.of(), List.of());
    }
    List<String> then = names(before);
    List<String> now = names(domains(state.experts(router)));
    List<String> here = names(domains(state.experts(fit)));
    return new ChangesMeanwhile(
        without(without(now, then), here),
        then.stream().filter(d -> !now.contains(d) && here.contains(d)).toList());
  }

  private static List<DomainExpert> domains(Optional<ExpertsChanged> list) {
    return list.map(ExpertsChanged::getDomains).orElse(List.of());
  }

  private static List<String> names(List<DomainExpert> domains) {
    return domains.stream().map(DomainExpert::getDomain).toList();
  }

  private static List<String> without(List<String> domains, List<String> others) {
    return domains.stream().filter(domain -> !others.contains(domain)).toList();
  }

  /** For people; nothing if nothing would be undone. */
  Optional<String> text() {
    List<String> parts = new ArrayList<>();
    if (!added.isEmpty()) {
      parts.add("it got %s, which the fit does not count".formatted(String.join(", ", added)));
    }
    if (!removed.isEmpty()) {
      parts.add("it lost %s, which the fit counts".formatted(String.join(", ", removed)));
    }
    return parts.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", parts));
  }
}
