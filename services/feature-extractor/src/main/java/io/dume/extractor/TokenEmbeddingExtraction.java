package io.dume.extractor;

import io.dume.models.Device;
import io.dume.models.FeatureSource;
import io.dume.models.GramType;
import io.dume.models.TokenEmbeddings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A merged model's token embeddings as features: one layer, no forward pass. A record's features do
 * not depend on its expert, which only labels them. Nothing but the embedding matrix is on the
 * device, so experts come and go with the directory's manifest alone.
 *
 * <p>Embeddings may be small, and an entry of A is rounded to 2^-20 once a record. Measured against
 * sums that were not rounded, relative to √(A_ii A_jj): 1.2e-8 at most for the demo's embeddings
 * (root mean square 0.12, records of a thousand tokens), 1.4e-6 for the same ones a tenth as large,
 * which is smaller than models have them; 1.2e-4 a hundredth as large. There more fraction bits
 * help: with 30 it is 1.1e-7.
 */
public final class TokenEmbeddingExtraction implements LoadedModel {
  private final Path directory;
  private final GramType gramType;
  private final TokenEmbeddings model;
  private final String tokenizer;
  private volatile Identity identity;

  private TokenEmbeddingExtraction(
      Path directory, GramType gramType, TokenEmbeddings model, String tokenizer) {
    this.directory = directory;
    this.gramType = gramType;
    this.model = model;
    this.tokenizer = tokenizer;
    this.identity = identify();
  }

  /**
   * Loads a model's embeddings.
   *
   * @param directory a merged model
   * @param device where it computes
   * @param gramType in which type products of features are computed and summed
   * @return the source of features, which the caller closes after its last use
   * @throws IOException if the model or its tokenizer.json can't be read
   */
  public static TokenEmbeddingExtraction open(Path directory, Device device, GramType gramType)
      throws IOException {
    TokenEmbeddings model = TokenEmbeddings.load(directory, device);
    try {
      return new TokenEmbeddingExtraction(
          directory, gramType, model, ModelIdentity.tokenizer(directory));
    } catch (IOException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private Identity identify() {
    return ModelIdentity.of(
        FeatureSource.EMBEDDING,
        1,
        model.config(),
        model.manifest(),
        model.numericProfile(),
        tokenizer,
        gramType);
  }

  @Override
  public Identity identity() {
    return identity;
  }

  /**
   * {@inheritDoc}
   *
   * @throws UncheckedIOException if the directory can't be read; the model stays as it was
   */
  @Override
  public synchronized boolean refresh() {
    try {
      boolean changed = model.reload();
      if (changed) {
        identity = identify();
      }
      return changed;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "%s: looking for experts that came: %s".formatted(directory, e.getMessage()), e);
    }
  }

  @Override
  public RecordFeatures extract(String expert, List<int[]> sequences) {
    if (identity.experts().stream().noneMatch(e -> e.getName().equals(expert))) {
      throw new IllegalArgumentException("the model has no expert " + expert);
    }
    // The sequences come with the positions that count alone.
    return new StatisticsFeatures(
        model.extract(sequences.toArray(int[][]::new), Integer.MAX_VALUE), gramType);
  }

  @Override
  public void close() {
    model.close();
  }
}
