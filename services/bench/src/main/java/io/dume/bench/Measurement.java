package io.dume.bench;

import java.util.List;

/** One thing that is measured against its floor. Run by one thread, one after the other. */
public interface Measurement {
  /**
   * A short name, by which {@code dume bench --only} chooses it.
   *
   * @return lower case words joined by hyphens, such as {@code fold}
   */
  String name();

  /**
   * What is measured, for people.
   *
   * @return one line
   */
  String description();

  /**
   * Whether there is a short form of it that is worth anything.
   *
   * @return false if {@code --quick} leaves it out unless it is asked for by name
   */
  default boolean hasQuickForm() {
    return true;
  }

  /**
   * Measures. Leaves no thread, process or file behind, also when it fails or is interrupted.
   *
   * @param bench how thoroughly, and where
   * @return the figures, at least one
   * @throws Exception whatever went wrong; the report names it, and the other measurements go on
   */
  List<Figure> run(Bench bench) throws Exception;
}
