package io.dume.solver;

class LayerSolverWithEjmlTest extends LayerSolverCheck {
  @Override
  Factorisation open() {
    return new EjmlFactorisation();
  }
}
