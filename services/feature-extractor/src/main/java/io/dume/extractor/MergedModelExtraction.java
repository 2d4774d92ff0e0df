package io.dume.extractor;

import io.dume.models.Device;
import io.dume.models.FeatureSource;
import io.dume.models.GramType;
import io.dume.models.MixtureModel;
import io.dume.models.RecordStatistics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A merged model directory as a source of features. Safe for use by several threads: workers of one
 * process share it.
 *
 * <p>Experts may join and leave the directory while the backbone stays; {@link #refresh} follows.
 * The backbone and the experts that stay are on the device once. An expert that left is freed when
 * the last forward pass that began before has ended.
 */
public final class MergedModelExtraction implements LoadedModel {
  private final Path directory;
  private final GramType gramType;
  private final Object refreshing = new Object();
  private Generation current;
  private boolean closed;

  /** The model between two refreshes; freed when nobody holds it, {@link #current} included. */
  private static final class Generation {
    private final MixtureModel model;
    private final Identity identity;
    private int holders = 1;

    Generation(MixtureModel model, Identity identity) {
      this.model = model;
      this.identity = identity;
    }

    synchronized void hold() {
      holders++;
    }

    synchronized void release() {
      holders--;
      if (holders == 0) {
        model.close();
      }
    }
  }

  private MergedModelExtraction(Path directory, GramType gramType, Generation first) {
    this.directory = directory;
    this.gramType = gramType;
    this.current = first;
  }

  /**
   * Loads a model.
   *
   * @param directory a merged model
   * @param device where it computes
   * @param gramType in which type products of features are computed and summed
   * @return the source of features, which the caller closes after its last use
   * @throws IOException if the model or its tokenizer.json can't be read
   */
  public static MergedModelExtraction open(Path directory, Device device, GramType gramType)
      throws IOException {
    MixtureModel model = MixtureModel.load(directory, device);
    try {
      Identity identity = identify(model, ModelIdentity.tokenizer(directory), gramType);
      return new MergedModelExtraction(directory, gramType, new Generation(model, identity));
    } catch (IOException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private static Identity identify(MixtureModel model, String tokenizer, GramType gramType) {
    return ModelIdentity.of(
        FeatureSource.MLP_INPUT,
        model.config().layers(),
        model.config(),
        model.manifest(),
        model.numericProfile(),
        tokenizer,
        gramType);
  }

  @Override
  public Identity identity() {
    return current().identity;
  }

  /**
   * {@inheritDoc}
   *
   * <p>The answer is about this call: where workers share a model, another's call may have brought
   * the expert already, so ask {@link #identity} after a false too.
   *
   * @throws UncheckedIOException if the directory or a new expert can't be read; the model stays as
   *     it was
   */
  @Override
  public boolean refresh() {
    // One load at a time; meanwhile forward passes go on with what is there.
    synchronized (refreshing) {
      Generation old = hold();
      try {
        Optional<MixtureModel> reloaded = old.model.reload();
        if (reloaded.isEmpty()) {
          return false;
        }
        Identity identity = identify(reloaded.get(), old.identity.tokenizer(), gramType);
        replace(new Generation(reloaded.get(), identity));
        return !identity.experts().equals(old.identity.experts());
      } catch (IOException e) {
        throw new UncheckedIOException(
            "%s: looking for experts that came: %s".formatted(directory, e.getMessage()), e);
      } finally {
        old.release();
      }
    }
  }

  private synchronized void replace(Generation next) {
    if (closed) {
      next.release();
      throw new IllegalStateException("the model of %s was closed".formatted(directory));
    }
    current.release();
    current = next;
  }

  private synchronized Generation current() {
    if (closed) {
      throw new IllegalStateException("the model of %s is closed".formatted(directory));
    }
    return current;
  }

  private synchronized Generation hold() {
    Generation held = current();
    held.hold();
    return held;
  }

  @Override
  public RecordFeatures extract(String expert, List<int[]> sequences) {
    Generation held = hold();
    try {
      int index =
          held.model
              .manifest()
              .indexOf(expert)
              .orElseThrow(() -> new IllegalArgumentException("the model has no expert " + expert));
      // The sequences come with the positions that count alone.
      RecordStatistics statistics =
          held.model.extract(index, sequences.toArray(int[][]::new), Integer.MAX_VALUE);
      // Features stay valid without the expert's MLPs, which nothing needs after the pass.
      return new StatisticsFeatures(statistics, gramType);
    } finally {
      held.release();
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      current.release();
    }
  }
}
