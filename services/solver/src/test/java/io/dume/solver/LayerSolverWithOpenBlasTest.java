package io.dume.solver;

class LayerSolverWithOpenBlasTest extends LayerSolverCheck {
  @Override
  Factorisation open() {
    return new OpenBlasFactorisation();
  }
}
