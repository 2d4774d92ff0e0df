package io.dume.inspector;

import io.dume.schemas.message.RouterVersion;
import java.util.List;
import java.util.Optional;

/**
 * Hears of a router's versions as they come, and tells whose fresh tokens have moved towards
 * another expert's. Not thread-safe.
 */
public final class DriftAlarm {
  /** The last that was solved. */
  private Optional<RouterVersion> last = Optional.empty();

  /**
   * Takes the next version.
   *
   * @param version newer than the one before
   * @return the experts that drift; none too where the version compares with another one than the
   *     last that was heard of
   */
  public List<Inspection.Drift> next(RouterVersion version) {
    if (version.getTraining().isPresent()) {
      // Of the same tokens as the version that it was trained from; a solver compares with that.
      return List.of();
    }
    List<Inspection.Drift> drifts =
        last.map(earlier -> Inspection.drift(earlier, version)).orElse(List.of());
    last = Optional.of(version);
    return drifts.stream().filter(Inspection.Drift::alarming).toList();
  }
}
