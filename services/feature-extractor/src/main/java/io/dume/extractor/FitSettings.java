package io.dume.extractor;

import io.dume.schemas.message.Fit;
import java.util.OptionalInt;

/**
 * The fit that a worker joins, and how it would create it.
 *
 * @param router the router's name
 * @param label tells apart two fits of the same settings; empty for the first
 * @param contextDim how many positions of a sequence count
 * @param fractionBits f of the fixed point, 0 to 40
 * @param tileSize rows and columns of a tile, 1 to 1024
 * @param maxSequenceTokens the longest sequence that a record may hold; the model's {@code
 *     max_position_embeddings}, at least contextDim, when empty
 * @param maxRecordTokens the most tokens that a record may hold; when empty 65536, or fewer for a
 *     model whose features of so many tokens would take more than 2 GiB (layers × 4 bytes × hidden
 *     size a token), and always room for one longest sequence
 * @param mixed whether to join a fit of another numeric profile, which its versions then show
 */
public record FitSettings(
    String router,
    String label,
    int contextDim,
    int fractionBits,
    int tileSize,
    OptionalInt maxSequenceTokens,
    OptionalInt maxRecordTokens,
    boolean mixed) {
  /** The router's name when none is configured. */
  public static final String DEFAULT_ROUTER = "default";

  private static final int RECORD_TOKENS = 1 << 16;
  private static final long FEATURE_BYTES = 2L << 30;

  public FitSettings {
    if (router.isBlank()) {
      throw new IllegalArgumentException(
          "router name is blank: \"%s\" is the default".formatted(DEFAULT_ROUTER));
    }
    if (contextDim < 1) {
      throw new IllegalArgumentException(
          "context_dim of %d: at least 1 position must count".formatted(contextDim));
    }
    if (fractionBits < 0 || fractionBits > 40) {
      throw new IllegalArgumentException(
          "fraction bits of %d: choose 0 to 40; 20 is the default".formatted(fractionBits));
    }
    if (tileSize < 1 || tileSize > 1024) {
      throw new IllegalArgumentException(
          "tile size of %d: choose 1 to 1024, so that a tile fits into a message; 256 is the default"
              .formatted(tileSize));
    }
    if (maxSequenceTokens.isPresent() && maxSequenceTokens.getAsInt() < contextDim) {
      throw new IllegalArgumentException(
          "largest sequence of %d tokens: at least context_dim, which is %d"
              .formatted(maxSequenceTokens.getAsInt(), contextDim));
    }
    if (maxRecordTokens.isPresent() && maxRecordTokens.getAsInt() < 1) {
      throw new IllegalArgumentException(
          "largest record of %d tokens: at least 1".formatted(maxRecordTokens.getAsInt()));
    }
  }

  /**
   * The default router's fit with 20 fraction bits and tiles of 256.
   *
   * @param contextDim how many positions of a sequence count
   * @return settings to refine with the {@code with…} methods
   */
  public static FitSettings of(int contextDim) {
    return new FitSettings(
        DEFAULT_ROUTER, "", contextDim, 20, 256, OptionalInt.empty(), OptionalInt.empty(), false);
  }

  /**
   * The settings of a fit that is there, as for a worker of a replay.
   *
   * @param router the router's name
   * @param fit the fit as the control log has it
   * @param mixed whether to join it if it is of another numeric profile
   * @return settings that join it, as long as it is a candidate or serves
   */
  public static FitSettings of(String router, Fit fit, boolean mixed) {
    return new FitSettings(
        router,
        fit.getLabel(),
        fit.getContextDim(),
        fit.getFractionBits(),
        fit.getTileSize(),
        OptionalInt.of(fit.getMaxSequenceTokens()),
        OptionalInt.of(fit.getMaxRecordTokens()),
        mixed);
  }

  /**
   * @param name the router's name
   * @return a copy with that router
   */
  public FitSettings withRouter(String name) {
    return new FitSettings(
        name, label, contextDim, fractionBits, tileSize, maxSequenceTokens, maxRecordTokens, mixed);
  }

  /**
   * @param text tells apart two fits of the same settings
   * @return a copy with that label
   */
  public FitSettings withLabel(String text) {
    return new FitSettings(
        router,
        text,
        contextDim,
        fractionBits,
        tileSize,
        maxSequenceTokens,
        maxRecordTokens,
        mixed);
  }

  /**
   * @param bits f of the fixed point
   * @param size rows and columns of a tile
   * @return a copy with that representation of statistics
   */
  public FitSettings withStatistics(int bits, int size) {
    return new FitSettings(
        router, label, contextDim, bits, size, maxSequenceTokens, maxRecordTokens, mixed);
  }

  /**
   * @param sequenceTokens the longest sequence
   * @param recordTokens the most tokens of a record
   * @return a copy with those limits
   */
  public FitSettings withLimits(OptionalInt sequenceTokens, OptionalInt recordTokens) {
    return new FitSettings(
        router, label, contextDim, fractionBits, tileSize, sequenceTokens, recordTokens, mixed);
  }

  /**
   * @param letIn whether to join a fit of another numeric profile
   * @return a copy that does or does not
   */
  public FitSettings withMixed(boolean letIn) {
    return new FitSettings(
        router,
        label,
        contextDim,
        fractionBits,
        tileSize,
        maxSequenceTokens,
        maxRecordTokens,
        letIn);
  }

  int sequenceLimit(ExtractionModel.Identity model) {
    return maxSequenceTokens.orElse(Math.max(model.maxPositions(), contextDim));
  }

  int recordLimit(ExtractionModel.Identity model) {
    long bytesPerToken = (long) Float.BYTES * model.layers() * model.width();
    // At most RECORD_TOKENS, so it is an int.
    int affordable = (int) Math.min(RECORD_TOKENS, FEATURE_BYTES / bytesPerToken);
    return maxRecordTokens.orElse(Math.max(affordable, sequenceLimit(model)));
  }
}
