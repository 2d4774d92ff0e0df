package io.dume.schemas.control;

/** What becomes of a fit's statistics. */
public enum FitStatus {
  /** Grows beside the fit that serves: a replay. */
  CANDIDATE,
  /** The router's versions come from it. */
  SERVING,
  /** Another fit of the router was promoted. It gives no versions, unless it is promoted again. */
  RETIRED
}
