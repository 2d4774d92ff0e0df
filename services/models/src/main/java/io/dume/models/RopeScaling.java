package io.dume.models;

/** How rotary frequencies are stretched for contexts longer than the ones trained on. */
public sealed interface RopeScaling {

  /** Frequencies as they are. */
  record None() implements RopeScaling {}

  /**
   * Every frequency divided by a factor.
   *
   * @param factor at least 1
   */
  record Linear(double factor) implements RopeScaling {}

  /**
   * Llama 3.1's scaling: low frequencies divided by a factor, high ones kept, those between
   * blended.
   *
   * @param factor divides the frequencies whose wavelength is above {@code originalMaxPositions /
   *     lowFrequencyFactor}
   * @param lowFrequencyFactor see above
   * @param highFrequencyFactor frequencies whose wavelength is below {@code originalMaxPositions /
   *     highFrequencyFactor} stay
   * @param originalMaxPositions the context that the model was first trained on
   */
  record Llama3(
      double factor,
      double lowFrequencyFactor,
      double highFrequencyFactor,
      int originalMaxPositions)
      implements RopeScaling {}

  /** Returns the frequency that a plain rotary frequency becomes. */
  default double scale(double frequency) {
    if (this instanceof Linear linear) {
      return frequency / linear.factor();
    }
    if (this instanceof Llama3 llama3) {
      double wavelength = 2 * Math.PI / frequency;
      if (wavelength > llama3.originalMaxPositions() / llama3.lowFrequencyFactor()) {
        return frequency / llama3.factor();
      }
      if (wavelength < llama3.originalMaxPositions() / llama3.highFrequencyFactor()) {
        return frequency;
      }
      double smooth =
          (llama3.originalMaxPositions() / wavelength - llama3.lowFrequencyFactor())
              / (llama3.highFrequencyFactor() - llama3.lowFrequencyFactor());
      return (1 - smooth) * frequency / llama3.factor() + smooth * frequency;
    }
    return frequency;
  }
}
