package io.dume.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a measurement is given.
 *
 * @param quick whether all measurements together may take two minutes, or else twenty
 * @param scratch an empty directory of this measurement's own, deleted afterwards
 * @param dume the command line that starts another {@code dume} process, without arguments
 * @param progress takes lines about what goes on, for people who wait
 */
public record Bench(boolean quick, Path scratch, List<String> dume, Consumer<String> progress) {
  public Bench {
    dume = List.copyOf(dume);
  }

  /**
   * A number that depends on how thorough the run is.
   *
   * @param whenQuick for two minutes
   * @param whenFull for twenty
   * @return one of the two
   */
  public int either(int whenQuick, int whenFull) {
    return quick ? whenQuick : whenFull;
  }
}
