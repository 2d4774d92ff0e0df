package io.dume.extractor;

import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;

/**
 * Statistics that are stored and removed together.
 *
 * @param id derived from the rest
 * @param domain the domain of the tokens
 * @param expert name of the domain's expert
 * @param mlp SHA-256 of the expert's MLPs, which the tokens run through
 * @param heldOut whether they are kept out of routers
 */
record Slot(Id id, String domain, String expert, String mlp, boolean heldOut) {
  static Slot of(String domain, String expert, String mlp, boolean heldOut) {
    return new Slot(Ids.ofSlot(domain, mlp, heldOut), domain, expert, mlp, heldOut);
  }
}
