package io.dume.topology.sequencer;

import java.util.Optional;

/**
 * The ridge penalty that somebody wants. Requests that want the same share a cut.
 *
 * @param lambda for this version; the solver's own when absent
 * @param auto chosen by the error on held-out statistics
 */
record Penalty(Optional<Double> lambda, boolean auto) {
  /** Whatever the solver takes by itself. */
  static final Penalty DEFAULT = new Penalty(Optional.empty(), false);
}
