package io.dume.cli;

import io.dume.models.FeatureSource;
import io.dume.models.MergedManifest;
import io.dume.models.MixtureModel;
import io.dume.router.Router;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The model that the versions of a router are for. Its directory may be behind them: an expert
 * joins both, in whatever order. Used by one thread.
 */
final class FollowedModel implements AutoCloseable {

  /** Between two looks at the directory for the same version. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final Path directory;
  private final Console console;
  private final Console.NanoClock clock;
  private MixtureModel mixture;
  private long tried;
  private long triedAt;

  /**
   * Takes the model over: closes it when it is closed.
   *
   * @param directory where it was loaded from
   */
  FollowedModel(Path directory, MixtureModel mixture, Console console) {
    this(directory, mixture, console, System::nanoTime);
  }

  FollowedModel(Path directory, MixtureModel mixture, Console console, Console.NanoClock clock) {
    this.directory = directory;
    this.mixture = mixture;
    this.console = console;
    this.clock = clock;
  }

  /**
   * Looks at the directory for the experts of a version. Whoever gets nothing may ask for the same
   * version again at any time: what is wrong with it is noted once, and the directory is read once
   * a second.
   *
   * @return the model, open until the next call that returns one; nothing if the version can't
   *     route what is there now
   */
  Optional<MixtureModel> of(Router version) {
    boolean first = version.version() != tried;
    if (!first && clock.nanos() - triedAt < PAUSE.toNanos()) {
      return Optional.empty();
    }
    tried = version.version();
    triedAt = clock.nanos();
    Optional<String> misfit = take(version);
    if (misfit.isPresent()) {
      if (first) {
        console.note(misfit.get() + "; passed over until that changes");
      }
      return Optional.empty();
    }
    // Whoever asks for it again, asks anew.
    tried = 0;
    return Optional.of(mixture);
  }

  private Optional<String> take(Router version) {
    Optional<MixtureModel> reloaded;
    try {
      // Experts may have joined the model's directory since. Whether the version's have is in the
      // manifest: their MLPs are read only then.
      Optional<String> late = late(version, MergedManifest.read(directory));
      if (late.isPresent()) {
        return late;
      }
      reloaded = mixture.reload();
    } catch (IOException e) {
      // Somebody may just be writing there.
      return Optional.of(
          "version %d: the model can't be read again: %s"
              .formatted(version.version(), e.getMessage()));
    }
    Optional<String> misfit = VersionFit.misfit(version, reloaded.orElse(mixture));
    if (misfit.isPresent()) {
      reloaded.ifPresent(MixtureModel::close);
      return misfit;
    }
    if (reloaded.isPresent()) {
      mixture.close();
      mixture = reloaded.get();
    }
    return Optional.empty();
  }

  private Optional<String> late(Router version, MergedManifest there) {
    Optional<String> kind = VersionFit.otherSource(version, FeatureSource.MLP_INPUT);
    // The model that is loaded outlives a directory that has become another model's.
    return there.backboneFingerprint().equals(mixture.manifest().backboneFingerprint())
        ? kind.or(() -> VersionFit.otherModel(version, there))
        : kind;
  }

  @Override
  public void close() {
    mixture.close();
  }
}
