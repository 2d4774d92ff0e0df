package io.dume.models;

import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;

/** Reads all weights of a merged directory as a model that loads it does, but without a device. */
final class Whole {

  private Whole() {}

  /**
   * Compares every fingerprint.
   *
   * @return the manifest
   */
  static MergedManifest require(Path directory) throws IOException {
    try (MergedModel merged = MergedModel.open(directory)) {
      Fingerprint backbone = new Fingerprint(merged.config());
      read(merged.backbone(), backbone);
      merged.verifyBackbone(backbone);
      for (int e = 0; e < merged.manifest().experts().size(); e++) {
        Fingerprint expert = new Fingerprint();
        read(merged.expert(e), expert);
        merged.verifyExpert(e, expert);
      }
      return merged.manifest();
    }
  }

  private static void read(TensorFiles files, Fingerprint fingerprint) throws IOException {
    for (String name : files.names()) {
      MessageDigest digest = Fingerprint.sha256();
      files.stream(name, Optional.of(digest), (from, values, count) -> {});
      fingerprint.add(files.spec(name), digest);
    }
  }
}
