package io.dume.e2e.simulation;

import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The lists of experts of one fit, by the rules of the contract alone. */
final class Lists {
  /**
   * A domain in a list.
   *
   * @param expert its expert
   * @param column of the expert
   * @param since version of the list with which it came, through these MLPs
   */
  record Member(String domain, Expert expert, int column, int since) {
    Id slot(boolean heldOut) {
      return Ids.ofSlot(domain, expert.getMlp(), heldOut, since);
    }
  }

  /** A list that counted. */
  record Version(
      ExpertsChanged list, Map<String, Member> members, Set<String> leftOut, Set<String> ever) {
    boolean live(Id slot) {
      return members.values().stream()
          .anyMatch(m -> m.slot(false).equals(slot) || m.slot(true).equals(slot));
    }

    Optional<Member> member(String domain) {
      return Optional.ofNullable(members.get(domain));
    }
  }

  private final List<Version> versions = new ArrayList<>();

  /** Takes a list of the fit, if it is the next. */
  void take(ExpertsChanged changed) {
    if (changed.getVersion() != versions.size() + 1) {
      return;
    }
    Set<String> ever = new HashSet<>();
    Map<String, Member> before = new HashMap<>();
    if (!versions.isEmpty()) {
      Version last = versions.get(versions.size() - 1);
      ever.addAll(last.ever());
      before = last.members();
    }
    Map<String, Member> members = new HashMap<>();
    for (DomainExpert listed : changed.getDomains()) {
      int column = 0;
      while (!changed.getExperts().get(column).getName().equals(listed.getExpert())) {
        column++;
      }
      Expert expert = changed.getExperts().get(column);
      Member was = before.get(listed.getDomain());
      boolean goesOn = was != null && was.expert().getMlp().equals(expert.getMlp());
      int since = goesOn ? was.since() : changed.getVersion();
      members.put(listed.getDomain(), new Member(listed.getDomain(), expert, column, since));
    }
    ever.addAll(members.keySet());
    versions.add(new Version(changed, members, Set.copyOf(changed.getLeftOut()), ever));
  }

  Version version(int number) {
    return versions.get(number - 1);
  }
}
