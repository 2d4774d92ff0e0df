package io.dume.schemas.control;

import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;

/**
 * A domain in a fit, from when it came in until it goes or its expert gets other MLPs. What is
 * counted under one membership never mixes with what is counted under another, so a domain that
 * comes back starts from nothing.
 *
 * @param domain the domain
 * @param mlp SHA-256, in hexadecimal, of the MLPs that its tokens run through
 * @param since version of the list of experts that began it
 */
public record Membership(String domain, String mlp, int since) {
  /**
   * Where the statistics of the membership stand.
   *
   * @param heldOut of the tokens that are kept out of routers, or of all others
   * @return the slot's id
   */
  public Id slot(boolean heldOut) {
    return Ids.ofSlot(domain, mlp, heldOut, since);
  }
}
