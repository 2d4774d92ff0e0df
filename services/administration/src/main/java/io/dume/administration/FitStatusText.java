package io.dume.administration;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.FitStatus;
import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import java.util.Optional;

/** Why a fit can't be promoted or removed, in words. */
record FitStatusText(ControlState state, String router, Id fit) {

  /**
   * @throws AdministrationException unless the fit is the router's, is well, and does not serve
   */
  void requireOther() {
    requireKnown();
    if (state.status(fit).equals(Optional.of(FitStatus.SERVING))) {
      throw new AdministrationException("fit %s serves router %s".formatted(Ids.hex(fit), router));
    }
    state
        .failure(fit)
        .ifPresent(
            reason -> {
              throw new AdministrationException(
                  "fit %s was stopped: %s; replay into another (--label)"
                      .formatted(Ids.hex(fit), reason));
            });
  }

  /**
   * @throws AdministrationException unless the fit is the router's
   */
  void requireKnown() {
    if (state.removed(fit)) {
      throw new AdministrationException("fit %s was removed".formatted(Ids.hex(fit)));
    }
    if (!state.router(fit).equals(Optional.of(router))) {
      throw new AdministrationException(
          "router %s has no fit %s: `dume fits list` shows those it has"
              .formatted(router, Ids.hex(fit)));
    }
  }
}
