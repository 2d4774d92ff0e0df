package io.dume.extractor;

import io.dume.models.FeatureSource;
import io.dume.models.GramType;
import io.dume.models.MergedManifest;
import io.dume.models.ModelConfig;
import io.dume.models.NumericProfile;
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

/** Who a merged model is, as fits know it. */
final class ModelIdentity {
  private static final String TOKENIZER = "tokenizer.json";

  private ModelIdentity() {}

  /** Says it of a model whose features have so many layers. */
  static ExtractionModel.Identity of(
      FeatureSource features,
      int layers,
      ModelConfig config,
      MergedManifest manifest,
      NumericProfile numbers,
      String tokenizer,
      GramType gramType) {
    List<Expert> experts =
        manifest.experts().stream().map(e -> new Expert(e.name(), e.fingerprint())).toList();
    return new ExtractionModel.Identity(
        features,
        manifest.backboneFingerprint(),
        layers,
        config.hiddenSize(),
        config.vocabSize(),
        config.maxPositionEmbeddings(),
        tokenizer,
        experts,
        new ExtractionProfile(
            numbers.device(),
            numbers.instructionSet(),
            "libtorch " + numbers.libtorch() + ", kernels " + NumericProfile.KERNELS,
            gramType.name().toLowerCase(Locale.ROOT)));
  }

  /** The fingerprint of a directory's tokenizer; empty where there is none. */
  static String tokenizer(Path directory) throws IOException {
    Path tokenizer = directory.resolve(TOKENIZER);
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
}
