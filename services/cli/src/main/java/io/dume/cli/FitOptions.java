package io.dume.cli;

import io.dume.extractor.FitSettings;
import io.dume.models.FeatureSource;
import io.dume.models.GramType;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What statistics must share to be summed. */
final class FitOptions {

  @Mixin private RouterOptions router = new RouterOptions();
  @Mixin private ContextOption context = new ContextOption();

  @Option(
      names = "--label",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Tells apart two fits of the same settings. Default: empty.")
  private String label;

  @Option(
      names = "--fraction-bits",
      paramLabel = "F",
      defaultValue = "20",
      description = "Statistics are integers of 2^-F. Default: ${DEFAULT-VALUE}.")
  private int fractionBits;

  @Option(
      names = "--tile-size",
      paramLabel = "N",
      defaultValue = "256",
      description = "Rows and columns of a tile. Default: ${DEFAULT-VALUE}.")
  private int tileSize;

  @Mixin private FeaturesOption features = new FeaturesOption();
  @Mixin private GramOption gram = new GramOption();

  @Option(
      names = "--max-sequence-tokens",
      paramLabel = "N",
      description =
          "The longest sequence that a record may hold. Default: the model's"
              + " max_position_embeddings, at least context_dim.")
  private Optional<Integer> maxSequenceTokens = Optional.empty();

  @Option(
      names = "--max-record-tokens",
      paramLabel = "N",
      description =
          "The most tokens that a record may hold. Default: 65536, or as many as give 2 GiB of features.")
  private Optional<Integer> maxRecordTokens = Optional.empty();

  @Option(
      names = "--mixed",
      description =
          "Joins a fit of another numeric profile (device, instruction set, library); versions say"
              + " so.")
  private boolean mixed;

  FeatureSource features() {
    return features.source();
  }

  GramType gramType() {
    return gram.type();
  }

  String router() {
    return router.name();
  }

  boolean mixed() {
    return mixed;
  }

  /** The fit to join or create, for a model of so many positions. */
  FitSettings settings(int maxPositions) {
    return FitSettings.of(context.forModel(maxPositions))
        .withRouter(router.name())
        .withLabel(label)
        .withStatistics(fractionBits, tileSize)
        .withLimits(optional(maxSequenceTokens), optional(maxRecordTokens))
        .withMixed(mixed);
  }

  private static OptionalInt optional(Optional<Integer> value) {
    return value.map(OptionalInt::of).orElse(OptionalInt.empty());
  }
}
