package io.dume.cli;

import io.dume.router.Router;
import io.dume.router.RouterHistory;
import io.dume.schemas.message.RouterVersion;
import java.util.Optional;
import picocli.CommandLine.Parameters;

/** Which version of a router is looked at. */
final class VersionOption {

  @Parameters(
      paramLabel = "N",
      arity = "0..1",
      description = "The version's number. Default: the newest.")
  private Optional<Long> number = Optional.empty();

  /**
   * The version with its weights.
   *
   * @throws IllegalArgumentException if it is not there
   */
  Router in(RouterHistory history, String router) {
    return number
        .map(history::version)
        .orElseGet(history::newest)
        .orElseThrow(() -> missing(router));
  }

  /**
   * What the version says of itself.
   *
   * @throws IllegalArgumentException if it is not there
   */
  RouterVersion describedIn(RouterHistory history, String router) {
    return number
        .map(history::description)
        .orElseGet(() -> history.newest().map(Router::description))
        .orElseThrow(() -> missing(router));
  }

  private IllegalArgumentException missing(String router) {
    return new IllegalArgumentException(
        number
            .map(
                n -> "router %s has no version %d: `dume versions` lists them".formatted(router, n))
            .orElse("router %s has no version yet: `dume solve` asks for one".formatted(router)));
  }
}
