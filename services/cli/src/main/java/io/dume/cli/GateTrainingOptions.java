package io.dume.cli;

import io.dume.lab.GateTraining;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How gates are trained. */
final class GateTrainingOptions {

  @Option(
      names = "--steps",
      paramLabel = "N",
      description =
          "Steps that gates are trained for. Default: 1000, or 50 where there is a --quick.")
  private Optional<Integer> steps = Optional.empty();

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Windows of 128 tokens of a training step. Default: 2.")
  private Optional<Integer> batch = Optional.empty();

  @Option(
      names = "--learning-rate",
      paramLabel = "R",
      description =
          "The highest learning rate, after a warm-up of 10 steps; from there it falls linearly to 0."
              + " Default: 1e-4.")
  private Optional<Double> rate = Optional.empty();

  @Option(
      names = "--balance",
      paramLabel = "A",
      defaultValue = "0",
      description =
          "Weight of the load-balancing loss of trained gates. Default: ${DEFAULT-VALUE}, which is none.")
  private double balance;

  /**
   * The options together.
   *
   * @param k experts a token
   * @param temperature of their shares
   * @param usualSteps where none are given
   * @param most tokens of a window
   */
  GateTraining.Options options(int k, double temperature, int usualSteps, int most) {
    GateTraining.Options usual = GateTraining.Options.DEFAULT;
    return new GateTraining.Options(
        steps.orElse(usualSteps),
        usual.warmUp(),
        rate.orElse(usual.rate()),
        balance,
        batch.orElse(usual.batch()),
        Math.min(usual.window(), most),
        k,
        temperature);
  }
}
