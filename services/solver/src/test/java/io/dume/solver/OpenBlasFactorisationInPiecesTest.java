package io.dume.solver;

/** As for large matrices: products in panels, and a matrix that has several buffers. */
class OpenBlasFactorisationInPiecesTest extends FactorisationCheck {
  private static final int LARGEST_CACHED = 10;
  private static final int PANEL = 7;

  /** Several rows up to n = 256, a row each beyond. */
  private static final long LARGEST_BUFFER = 4096;

  @Override
  Factorisation open() {
    return new OpenBlasFactorisation(LARGEST_CACHED, PANEL, LARGEST_BUFFER);
  }
}
