package io.dume.extractor;

import io.dume.models.Device;
import io.dume.models.FeatureSource;
import io.dume.models.GramType;
import java.io.IOException;
import java.nio.file.Path;

/** A model that was loaded for its features. Safe for use by several threads. */
public interface LoadedModel extends ExtractionModel, AutoCloseable {
  /**
   * Loads of a merged model what its features need.
   *
   * @param features what a feature is
   * @param directory a merged model
   * @param device where it computes
   * @param gramType in which type products of features are computed and summed
   * @return the source of features, which the caller closes after its last use
   * @throws IOException if the model or its tokenizer.json can't be read
   */
  static LoadedModel open(FeatureSource features, Path directory, Device device, GramType gramType)
      throws IOException {
    return switch (features) {
      case MLP_INPUT -> MergedModelExtraction.open(directory, device, gramType);
      case EMBEDDING -> TokenEmbeddingExtraction.open(directory, device, gramType);
    };
  }

  /** Frees the device's memory, which features that are still open need. */
  @Override
  void close();
}
