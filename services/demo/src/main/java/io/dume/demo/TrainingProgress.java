package io.dume.demo;

import java.time.Duration;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Where a training run stands.
 *
 * @param stage {@code tokenizer}, {@code base} or a domain
 * @param step steps done of this stage
 * @param steps steps of this stage
 * @param loss mean training loss since the last report, nats a token
 * @param validation loss on validation text, nats a token, where it was measured
 * @param tokensPerSecond tokens learnt from a second since the last report
 * @param left what the rest of the whole run takes at that speed
 */
public record TrainingProgress(
    String stage,
    int step,
    int steps,
    double loss,
    OptionalDouble validation,
    double tokensPerSecond,
    Duration left) {

  /** One line for a terminal. */
  @Override
  public String toString() {
    String line =
        String.format(
            Locale.ROOT,
            "%-9s step %4d of %4d, loss %.3f, %,.0f tokens/s, %d:%02d left",
            stage,
            step,
            steps,
            loss,
            tokensPerSecond,
            left.toMinutes(),
            left.toSecondsPart());
    return validation.isPresent()
        ? line + String.format(Locale.ROOT, ", validation loss %.3f", validation.getAsDouble())
        : line;
  }
}
