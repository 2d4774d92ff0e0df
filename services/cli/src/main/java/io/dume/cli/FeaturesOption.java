package io.dume.cli;

import io.dume.models.FeatureSource;
import picocli.CommandLine.Option;

/** What a token's feature is. */
final class FeaturesOption {

  @Option(
      names = "--features",
      paramLabel = "mlp-input|embedding",
      defaultValue = "mlp-input",
      description =
          "What a router is solved from: the inputs of the MLPs, a gate for each layer of the mixture;"
              + " or token embeddings, one gate without a forward pass, for `dume route`. A router is of"
              + " one kind for good. Default: ${DEFAULT-VALUE}.")
  private FeatureSource features;

  FeatureSource source() {
    return features;
  }
}
