package io.dume.extractor;

import io.dume.schemas.control.Membership;
import io.dume.schemas.message.Id;

/**
 * Statistics that are stored and removed together.
 *
 * @param id derived from the membership and whether it is held out
 * @param membership the domain, the MLPs that its tokens run through, and since when
 * @param expert name of the domain's expert
 * @param heldOut whether they are kept out of routers
 */
record Slot(Id id, Membership membership, String expert, boolean heldOut) {
  static Slot of(Membership membership, String expert, boolean heldOut) {
    return new Slot(membership.slot(heldOut), membership, expert, heldOut);
  }

  String domain() {
    return membership.domain();
  }
}
