package io.dume.schemas.control;

import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.PolicyChosen;
import io.dume.schemas.message.SolveProfileFixed;
import java.util.HashSet;
import java.util.Set;

/** What a record of the control log must hold to count, whatever the log said before it. */
final class RecordCheck {
  private static final Set<String> FACTORISATIONS = Set.of("ejml", "openblas");

  private RecordCheck() {}

  /** Names differ, each domain has an expert of the list, and there are not too many of either. */
  static boolean holds(ExpertsChanged changed) {
    if (changed.getExperts().size() > ControlState.MAX_EXPERTS
        || changed.getDomains().size() > ControlState.MAX_DOMAINS
        || changed.getLeftOut().size() > ControlState.MAX_DOMAINS) {
      return false;
    }
    Set<String> names = new HashSet<>();
    for (Expert expert : changed.getExperts()) {
      if (!names.add(expert.getName())) {
        return false;
      }
    }
    Set<String> domains = new HashSet<>();
    for (DomainExpert domain : changed.getDomains()) {
      if (!domains.add(domain.getDomain()) || !names.contains(domain.getExpert())) {
        return false;
      }
    }
    return !names.isEmpty() && changed.getLeftOut().stream().noneMatch(domains::contains);
  }

  /** The first profile of a fit stands for good: one that no solver has would end all solving. */
  static boolean holds(SolveProfileFixed fixed) {
    return FACTORISATIONS.contains(fixed.getFactorisation());
  }

  /** Experts may come and go after it: how many there are is seen to when it is used. */
  static boolean holds(PolicyChosen chosen) {
    return PolicyRange.problem(chosen.getPolicy(), ControlState.MAX_EXPERTS).isEmpty()
        && isShort(chosen.getReason());
  }

  /** Whether a text is no longer than those that cuts and versions list. */
  static boolean isShort(String text) {
    return text.length() <= ControlState.MAX_REQUEST_CHARACTERS;
  }
}
