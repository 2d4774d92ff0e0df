package io.dume.cli;

import io.dume.router.Router;
import java.time.Duration;
import java.util.Optional;

/** Where the versions of a router come from, one after the other. */
@FunctionalInterface
interface VersionSource {

  /** Waits for the next version; returns nothing if none came in that time. */
  Optional<Router> next(Duration timeout);
}
