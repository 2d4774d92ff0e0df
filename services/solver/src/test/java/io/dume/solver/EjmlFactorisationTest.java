package io.dume.solver;

class EjmlFactorisationTest extends FactorisationCheck {
  @Override
  Factorisation open() {
    return new EjmlFactorisation();
  }
}
