package io.dume.solver;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.FitStatus;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import java.util.Optional;

/** Whether a router is made from the fit of a cut, as the control log has it now. */
final class ServingFit {
  private ServingFit() {}

  /** Whether a cut is of the fit that serves its router. */
  static boolean isOf(ControlState state, Cut cut) {
    return serving(state, cut).isPresent();
  }

  /**
   * The fit of a cut.
   *
   * @throws UnsolvableException if the fit does not serve the cut's router, or was stopped
   */
  static Fit require(ControlState state, Cut cut) throws UnsolvableException {
    Fit fit = serving(state, cut).orElseThrow(() -> new UnsolvableException(obstacle(state, cut)));
    Optional<String> failure = state.failure(fit.getId());
    if (failure.isPresent()) {
      throw new UnsolvableException("the fit was stopped: " + failure.get());
    }
    return fit;
  }

  private static Optional<Fit> serving(ControlState state, Cut cut) {
    return state.fit(cut.getRouter()).filter(fit -> fit.getId().equals(cut.getFit()));
  }

  private static String obstacle(ControlState state, Cut cut) {
    Id fit = cut.getFit();
    if (state.fit(cut.getRouter()).isEmpty()) {
      return "the router has no fit";
    }
    if (state.status(fit).equals(Optional.of(FitStatus.RETIRED))) {
      return "the fit was retired: the router was moved to another; ask again";
    }
    if (state.removed(fit)) {
      return "the fit was removed: the router is made from another; ask again";
    }
    if (state.router(fit).equals(Optional.of(cut.getRouter()))) {
      return "the fit is a candidate: no version is made from it before it is promoted";
    }
    return "the cut is of another fit than the router's: ask again";
  }
}
