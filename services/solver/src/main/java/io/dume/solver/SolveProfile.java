package io.dume.solver;

import java.util.Locale;
import java.util.Optional;

/**
 * What decides the bits of a solution: the library and the kernels that it uses.
 *
 * @param factorisation ejml or openblas
 * @param coreType the OpenBLAS core type, or "portable"
 */
record SolveProfile(String factorisation, String coreType) {
  private static final String EJML_NAME = "ejml";
  private static final String OPENBLAS_NAME = "openblas";

  /** Pure Java. */
  static final SolveProfile EJML = new SolveProfile(EJML_NAME, "portable");

  /**
   * Up to here EJML takes 2 ms a layer at most, and a portable result is worth more. OpenBLAS is
   * faster at every size: twice at n = 65, four times at 129, seven times at 577.
   */
  static final int LARGEST_SMALL_N = 257;

  /** OpenBLAS on this machine, if it can be loaded. */
  static Optional<SolveProfile> openBlas() {
    return OpenBlas.coreType().map(core -> new SolveProfile(OPENBLAS_NAME, core));
  }

  /**
   * What a choice means on this machine for a fit that has no profile yet.
   *
   * @param choice the configured choice
   * @param n the size of the matrices
   * @return the profile
   * @throws IllegalStateException if OpenBLAS is demanded and can't be loaded
   */
  static SolveProfile resolve(FactorisationChoice choice, int n) {
    return switch (choice) {
      case EJML -> EJML;
      case OPENBLAS ->
          openBlas()
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "factorisation openblas: its native library can't be loaded on this"
                              + " machine; choose ejml"));
      case AUTO -> n <= LARGEST_SMALL_N ? EJML : openBlas().orElse(EJML);
    };
  }

  /** Whether a choice allows this profile. */
  boolean allowedBy(FactorisationChoice choice) {
    return choice == FactorisationChoice.AUTO
        || choice.name().toLowerCase(Locale.ROOT).equals(factorisation);
  }

  /** Whether this machine can work in this profile. */
  boolean available() {
    return equals(EJML) || openBlas().filter(this::equals).isPresent();
  }

  /** A factorisation in this profile, which must be {@link #available}. */
  Factorisation open() {
    return factorisation.equals(EJML_NAME) ? new EjmlFactorisation() : new OpenBlasFactorisation();
  }
}
