package io.dume.topology.sequencer;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.Membership;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.SlotCount;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The experts of a fit, and the memberships of its domains.
 *
 * @param newest the newest list of the fit, or nothing before the first
 * @param now the domains that are in the fit
 * @param ever all memberships that the fit had; a view that grows
 */
record ExpertList(
    Optional<ExpertsChanged> newest, Map<String, Membership> now, Collection<Membership> ever) {
  static ExpertList of(ControlState control, Id fit) {
    return new ExpertList(
        control.experts(fit), control.memberships(fit), control.everyMembership(fit));
  }

  int version() {
    return newest.map(ExpertsChanged::getVersion).orElse(0);
  }

  List<Expert> experts() {
    return newest.map(ExpertsChanged::getExperts).orElse(List.of());
  }

  private static Membership membership(SlotCount slot) {
    return new Membership(slot.getDomain(), slot.getExpertMlp(), slot.getSince());
  }

  /** Whether statistics of the slot belong into the sums. */
  boolean live(SlotCount slot) {
    return membership(slot).equals(now.get(slot.getDomain()));
  }

  /** Whether the slot was live at some time, so that statistics of it may be on their way. */
  boolean everLive(SlotCount slot) {
    return ever.contains(membership(slot));
  }

  /** The live ones of some slots with the columns of their experts, in the order given. */
  List<CutSlot> columns(Collection<SlotCount> slots, boolean heldOut) {
    Map<String, Integer> columnOf = new HashMap<>();
    for (int column = 0; column < experts().size(); column++) {
      columnOf.put(experts().get(column).getName(), column);
    }
    Map<String, Integer> columns = new HashMap<>();
    // A list that counts has an expert for every domain.
    newest.ifPresent(
        list ->
            list.getDomains()
                .forEach(d -> columns.put(d.getDomain(), columnOf.get(d.getExpert()))));
    List<CutSlot> live = new ArrayList<>();
    for (SlotCount slot : slots) {
      if (slot.getHeldOut() == heldOut && live(slot)) {
        live.add(
            new CutSlot(
                slot.getSlot(),
                slot.getDomain(),
                columns.get(slot.getDomain()),
                slot.getTokens(),
                slot.getRecords()));
      }
    }
    return live;
  }
}
