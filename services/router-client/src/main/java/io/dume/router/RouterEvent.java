package io.dume.router;

import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.RouterVersion;

/** What became of a cut. */
public sealed interface RouterEvent {
  /**
   * It gave a version, which is whole and whose SHA-256 was verified.
   *
   * @param version all but the weights
   */
  record Published(RouterVersion version) implements RouterEvent {}

  /**
   * It gave none.
   *
   * @param refusal why
   */
  record Refused(CutRefused refusal) implements RouterEvent {}
}
