package io.dume.solver;

/** Which library factors the matrices of a fit. */
public enum FactorisationChoice {
  /** What the fit has; for a new fit EJML up to n = 257, else OpenBLAS if it can be loaded. */
  AUTO,
  /** EJML: pure Java, the same bits on every host. */
  EJML,
  /** OpenBLAS: four to eight times as fast, bits that depend on the processor's core type. */
  OPENBLAS
}
