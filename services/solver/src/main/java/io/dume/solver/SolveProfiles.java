package io.dume.solver;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.IncompatibleFitException;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.SolveProfileFixed;

/**
 * Agrees with the other solvers of a fit on how its layers are solved: the first in the control log
 * fixes it, all others follow or stay out.
 */
final class SolveProfiles {
  /**
   * The profile to work in.
   *
   * @param profile what this solver does
   * @param mixed true if that is not the fit's
   */
  record Agreed(SolveProfile profile, boolean mixed) {}

  private SolveProfiles() {}

  /**
   * Agrees on a profile.
   *
   * @param log the control log; a proposal is appended if the fit has none
   * @param fit the fit
   * @param choice what this solver is configured to use
   * @param mixed whether it may differ from the fit's
   * @throws IncompatibleFitException if this solver can't or must not do what the fit needs
   * @throws InterruptedException if interrupted while the broker answers
   */
  static Agreed agree(ControlLog log, Fit fit, FactorisationChoice choice, boolean mixed)
      throws InterruptedException {
    if (log.state().solveProfile(fit.getId()).isEmpty()) {
      log.catchUp();
    }
    if (log.state().solveProfile(fit.getId()).isEmpty()) {
      SolveProfile proposal = SolveProfile.resolve(choice, fit.getWidth() + 1);
      log.append(new SolveProfileFixed(fit.getId(), proposal.factorisation(), proposal.coreType()));
    }
    SolveProfileFixed fixed =
        log.state()
            .solveProfile(fit.getId())
            .orElseThrow(
                () -> new IllegalStateException("the solve profile that was written is not there"));
    SolveProfile profile = new SolveProfile(fixed.getFactorisation(), fixed.getCoreType());
    if (profile.allowedBy(choice) && profile.available()) {
      return new Agreed(profile, false);
    }
    SolveProfile own = SolveProfile.resolve(choice, fit.getWidth() + 1);
    if (!mixed) {
      throw new IncompatibleFitException(
          ("this solver can't join the fit: its layers are solved by %s (%s), here it would be"
                  + " %s (%s). Set OPENBLAS_CORETYPE or the factorisation to the fit's;"
                  + " --mixed lets it in, and versions show it")
              .formatted(
                  profile.factorisation(),
                  profile.coreType(),
                  own.factorisation(),
                  own.coreType()));
    }
    return new Agreed(own, true);
  }
}
