package io.dume.models;

/** A tensor of an export, and where its numbers come from. */
sealed interface ExportedTensor {

  /** Returns its name, type and shape in the export. */
  TensorSpec spec();

  /**
   * As it stands in the backbone.
   *
   * @param source its name there
   */
  record OfBackbone(TensorSpec spec, String source) implements ExportedTensor {}

  /**
   * As it stands in an expert's file.
   *
   * @param row the router's row of the expert
   * @param source its name there
   */
  record OfExpert(TensorSpec spec, int row, String source) implements ExportedTensor {}

  /**
   * A gate's weights or intercepts.
   *
   * @param values row-major
   */
  record OfGate(TensorSpec spec, float[] values) implements ExportedTensor {}

  /** Zeros, for what a class demands and the mixture does not have. */
  record Zeros(TensorSpec spec) implements ExportedTensor {}
}
