package io.dume.cli;

import io.dume.models.GramType;
import picocli.CommandLine.Option;

/** How exactly workers multiply. */
final class GramOption {

  @Option(
      names = "--gram",
      paramLabel = "TYPE",
      defaultValue = "float64",
      description =
          "Type of the Gram matrix's products: float64, or float32 for devices with slow float64."
              + " Default: ${DEFAULT-VALUE}.")
  private GramType type;

  GramType type() {
    return type;
  }
}
