package io.dume.extractor;

import io.dume.models.GramType;
import io.dume.models.MixtureModel;
import io.dume.models.NumericProfile;
import io.dume.models.RecordStatistics;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * A loaded merged model as a source of features. As the model, safe for use by several threads:
 * workers of one process share it.
 */
public final class MergedModelExtraction implements ExtractionModel {
  private static final String TOKENIZER = "tokenizer.json";

  private final MixtureModel model;
  private final GramType gramType;
  private final Identity identity;

  private MergedModelExtraction(MixtureModel model, GramType gramType, Identity identity) {
    this.model = model;
    this.gramType = gramType;
    this.identity = identity;
  }

  /**
   * Wraps a model.
   *
   * @param model left open: whoever loaded it closes it
   * @param directory where it was loaded from, for its tokenizer
   * @param gramType in which type products of features are computed and summed
   * @return the source of features
   * @throws IOException if the directory's tokenizer.json can't be read
   */
  public static MergedModelExtraction of(MixtureModel model, Path directory, GramType gramType)
      throws IOException {
    NumericProfile numbers = model.numericProfile();
    List<Expert> experts =
        model.manifest().experts().stream()
            .map(e -> new Expert(e.name(), e.fingerprint()))
            .toList();
    Identity identity =
        new Identity(
            model.manifest().backboneFingerprint(),
            model.config().layers(),
            model.config().hiddenSize(),
            model.config().vocabSize(),
            model.config().maxPositionEmbeddings(),
            fingerprint(directory.resolve(TOKENIZER)),
            experts,
            new ExtractionProfile(
                numbers.device(),
                numbers.instructionSet(),
                "libtorch " + numbers.libtorch(),
                gramType.name().toLowerCase(Locale.ROOT)));
    return new MergedModelExtraction(model, gramType, identity);
  }

  private static String fingerprint(Path tokenizer) throws IOException {
    if (!Files.exists(tokenizer)) {
      return "";
    }
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha256.digest(Files.readAllBytes(tokenizer)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  public Identity identity() {
    return identity;
  }

  /** A loaded model stays as it was loaded. */
  @Override
  public boolean refresh() {
    return false;
  }

  @Override
  public RecordFeatures extract(String expert, List<int[]> sequences) {
    int index =
        model
            .manifest()
            .indexOf(expert)
            .orElseThrow(() -> new IllegalArgumentException("the model has no expert " + expert));
    // The sequences come with the positions that count alone.
    RecordStatistics statistics =
        model.extract(index, sequences.toArray(int[][]::new), Integer.MAX_VALUE);
    return new Features(statistics, gramType);
  }

  private record Features(RecordStatistics statistics, GramType gramType)
      implements RecordFeatures {
    @Override
    public long tokens() {
      return statistics.tokens();
    }

    @Override
    public OptionalInt firstNonFiniteLayer() {
      return statistics.firstNonFiniteLayer();
    }

    @Override
    public double largestDiagonal(int layer) {
      return statistics.largestDiagonal(layer);
    }

    @Override
    public void gram(int layer, double[] out) {
      statistics.gram(layer, gramType, out);
    }

    @Override
    public void close() {
      statistics.close();
    }
  }
}
