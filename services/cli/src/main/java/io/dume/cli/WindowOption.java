package io.dume.cli;

import io.dume.models.ModelConfig;
import io.dume.models.RouterWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How much text a model reads at a time. */
final class WindowOption {

  @Option(
      names = {"--context", "--context-dim"},
      paramLabel = "N",
      description =
          "Tokens of a window. Default: the router's context_dim; where there is no router, 512 or what"
              + " the model allows if that is less. Give it when you compare.")
  private Optional<Integer> contextDim = Optional.empty();

  /**
   * Refuses windows that the model can't read, or of which nothing is predicted.
   *
   * @throws IllegalArgumentException naming what the model allows
   */
  void check(Path model) throws IOException {
    int most = ModelConfig.read(model.resolve("config.json")).maxPositionEmbeddings();
    if (contextDim.filter(n -> n < 2 || n > most).isPresent()) {
      throw new IllegalArgumentException(
          "--context-dim %d: from 2, since the first token is not predicted, to the %d that the model allows"
              .formatted(contextDim.get(), most));
    }
  }

  /** The tokens of a window with a router, if there is one. */
  int of(Path model, Optional<RouterWeights> weights) throws IOException {
    if (contextDim.isPresent()) {
      return contextDim.get();
    }
    Optional<String> ofRouter =
        weights.map(w -> w.metadata().get(VersionDocument.CONTEXT_DIM)).filter(s -> !s.isBlank());
    if (ofRouter.isEmpty()) {
      ModelConfig config = ModelConfig.read(model.resolve("config.json"));
      return new ContextOption().forModel(config.maxPositionEmbeddings());
    }
    try {
      // Of one token nothing is predicted.
      return Math.max(2, Integer.parseInt(ofRouter.get()));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "%s in the router file is \"%s\", not a number: give --context-dim"
              .formatted(VersionDocument.CONTEXT_DIM, ofRouter.get()),
          e);
    }
  }
}
