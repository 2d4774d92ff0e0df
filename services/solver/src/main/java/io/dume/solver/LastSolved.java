package io.dume.solver;

import io.dume.router.Router;
import io.dume.router.RouterHistory;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.RouterVersion;
import java.util.Optional;

/**
 * The newest version that was solved, as far as the topic has it: what a solver that takes over
 * goes on from.
 *
 * @param version the version, whose gates were not trained
 */
record LastSolved(Router version) {

  /** How many versions of trained gates are passed over to find one that was solved. */
  private static final int MOST_TRAINED = 16;

  static Optional<LastSolved> in(RouterHistory history) {
    Optional<Router> version = history.newest();
    for (int behind = 0; behind < MOST_TRAINED && version.isPresent(); behind++) {
      if (version.get().description().getTraining().isEmpty()) {
        return version.map(LastSolved::new);
      }
      version = history.before(version.get().version());
    }
    return Optional.empty();
  }

  /**
   * Whether the next version would be of another kind without anybody having asked for it: each
   * solver has its own setting, and whichever is active decides.
   *
   * @param serving the fit that the next version is made from, if there is one
   * @param intercept this solver's setting
   * @return what people should know and do; nothing if all is well
   */
  Optional<String> interceptProblem(Optional<Fit> serving, boolean intercept) {
    RouterVersion last = version.description();
    Optional<Id> fit = serving.map(Fit::getId);
    if (!fit.equals(Optional.of(last.getFit().getId())) || last.getIntercept() == intercept) {
      return Optional.empty();
    }
    return Optional.of(
        "version %d was solved %s an intercept, this solver solves %s: its versions will differ in kind from those before; start all solvers of the router with the same setting of --no-intercept"
            .formatted(version.version(), with(last.getIntercept()), with(intercept)));
  }

  private static String with(boolean intercept) {
    return intercept ? "with" : "without";
  }
}
