package io.dume.extractor;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.Membership;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Id;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The domains of a fit by one list of experts: which expert's MLPs a domain's tokens run through,
 * and in which slots they count. Immutable.
 */
final class Domains {
  private static final int MAX_NAMES = 20;
  private static final int MAX_LENGTH = 100;

  private record Slots(Slot pooled, Slot heldOut) {}

  private final int version;
  private final Map<String, Slots> slots = new HashMap<>();
  private final Set<Id> live = new HashSet<>();
  private final Set<String> leftOut;
  private final Set<String> earlier;

  private Domains(
      ExpertsChanged list, Map<String, Membership> memberships, Set<String> everyDomain) {
    this.version = list.getVersion();
    this.leftOut = Set.copyOf(list.getLeftOut());
    this.earlier = everyDomain;
    for (DomainExpert listed : list.getDomains()) {
      Membership membership = memberships.get(listed.getDomain());
      Slots both =
          new Slots(
              Slot.of(membership, listed.getExpert(), false),
              Slot.of(membership, listed.getExpert(), true));
      slots.put(listed.getDomain(), both);
      live.add(both.pooled().id());
      live.add(both.heldOut().id());
    }
  }

  /**
   * The domains as the control log has them now.
   *
   * @throws IllegalStateException if it has no list of the fit
   */
  static Domains of(ControlState control, Id fit) {
    ExpertsChanged list =
        control
            .experts(fit)
            .orElseThrow(() -> new IllegalStateException("the fit has no list of experts"));
    Set<String> everyDomain =
        control.everyMembership(fit).stream()
            .map(Membership::domain)
            .collect(Collectors.toUnmodifiableSet());
    return new Domains(list, control.memberships(fit), everyDomain);
  }

  /** An expert of a list that a model lacks, if there is one. */
  static Optional<Expert> missing(ExpertsChanged list, List<Expert> here) {
    return list.getExperts().stream().filter(expert -> !here.contains(expert)).findFirst();
  }

  /** Of the list. */
  int version() {
    return version;
  }

  Optional<Slot> slot(String domain, boolean heldOut) {
    return Optional.ofNullable(slots.get(domain))
        .map(both -> heldOut ? both.heldOut() : both.pooled());
  }

  /** Whether statistics of a slot are still the fit's. */
  boolean live(Id slot) {
    return live.contains(slot);
  }

  /** Whether records of a domain are passed over. */
  boolean leavesOut(String domain) {
    return leftOut.contains(domain);
  }

  /** Whether a domain was in the fit and is not now. */
  boolean removed(String domain) {
    return earlier.contains(domain) && !slots.containsKey(domain);
  }

  /**
   * The first names in order, for people: there may be more of them, and longer, than is legible.
   */
  String names() {
    String some =
        new TreeSet<>(slots.keySet())
            .stream().limit(MAX_NAMES).map(Domains::shortened).collect(Collectors.joining(", "));
    int more = slots.size() - MAX_NAMES;
    return more > 0 ? some + " and %d more".formatted(more) : some;
  }

  /** Text of a message as it may stand in an error, however long it is. */
  static String shortened(String text) {
    return text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH) + "…";
  }
}
