package io.dume.cli;

import io.dume.models.Device;
import io.dume.models.FeatureSource;
import io.dume.models.MergedManifest;
import io.dume.models.ModelConfig;
import io.dume.models.RouterWeights;
import io.dume.router.Router;
import io.dume.router.RouterSubscription;
import io.dume.schemas.message.DomainTokens;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** A router for one text after another: a file's, or the newest version of an installation. */
interface TextRouter extends AutoCloseable {

  /**
   * What a text is routed with.
   *
   * @param gates usable until the next call
   * @param expertOf by domain its expert, where the router says it
   * @param version the router's, where it comes from an installation
   */
  record Served(TextGates gates, Map<String, String> expertOf, Optional<Long> version) {}

  /** Returns what the next text is routed with; nothing if the command is to stop. */
  Optional<Served> next() throws IOException, InterruptedException;

  @Override
  void close();

  /** The router of a file. */
  static TextRouter of(Path file, Path model, Supplier<Device> device, OptionalInt begin)
      throws IOException {
    RouterWeights weights = RouterWeights.read(file);
    TextGates gates = new TextGates(model, device.get(), begin, weights);
    Served served = new Served(gates, Map.of(), Optional.empty());
    return new TextRouter() {
      @Override
      public Optional<Served> next() {
        return Optional.of(served);
      }

      @Override
      public void close() {
        gates.close();
      }
    };
  }

  /** The newest version of an installation's router; those of another kind are passed over. */
  final class Followed implements TextRouter {

    private static final Duration POLL = Duration.ofMillis(250);

    /** Asking for each of a thousand short texts would take longer than routing them. */
    private static final long BETWEEN_LOOKS = Duration.ofMillis(100).toNanos();

    /** Between two looks at the directory for the same version. */
    private static final long PAUSE = Duration.ofSeconds(1).toNanos();

    private final VersionSource versions;
    private final Runnable unsubscribe;
    private final Console.NanoClock clock;
    private final Path model;
    private final Supplier<Device> device;
    private final OptionalInt begin;
    private final CliContext context;
    private Optional<Served> served = Optional.empty();

    /** A version that is not for this model, or not yet: experts may still join its directory. */
    private Optional<Router> passedOver = Optional.empty();

    private long looked;
    private long tried;

    /** Takes over the subscription: closes it when it is closed. */
    Followed(
        RouterSubscription versions,
        Path model,
        Supplier<Device> device,
        OptionalInt begin,
        CliContext context) {
      this(versions::next, versions::close, model, device, begin, context, System::nanoTime);
    }

    Followed(
        VersionSource versions,
        Runnable close,
        Path model,
        Supplier<Device> device,
        OptionalInt begin,
        CliContext context,
        Console.NanoClock clock) {
      this.versions = versions;
      this.unsubscribe = close;
      this.clock = clock;
      this.model = model;
      this.device = device;
      this.begin = begin;
      this.context = context;
    }

    @Override
    public Optional<Served> next() throws IOException {
      if (served.isEmpty()) {
        take(versions.next(POLL));
        if (served.isEmpty()) {
          context.console().note("waiting for a version of the router");
        }
        while (served.isEmpty() && !context.stop().requested()) {
          take(versions.next(POLL));
        }
      } else if (clock.nanos() - looked > BETWEEN_LOOKS) {
        looked = clock.nanos();
        take(versions.next(Duration.ZERO));
      }
      return served;
    }

    private void take(Optional<Router> came) throws IOException {
      boolean first = came.isPresent();
      if (!first && clock.nanos() - tried < PAUSE) {
        return;
      }
      Optional<Router> version = came.or(() -> passedOver);
      if (version.isEmpty()) {
        return;
      }
      tried = clock.nanos();
      Optional<String> misfit = use(version.get());
      passedOver = misfit.isPresent() ? version : Optional.empty();
      if (misfit.isPresent() && first) {
        context.console().note(misfit.get() + "; passed over until that changes");
      }
    }

    private Optional<String> use(Router router) throws IOException {
      Optional<String> misfit = misfit(router);
      if (misfit.isPresent()) {
        return misfit;
      }
      RouterWeights weights = VersionDocument.weights(router);
      TextGates gates;
      if (served.isPresent()) {
        gates = served.get().gates();
        try {
          gates.use(weights);
        } catch (IOException e) {
          return Optional.of(unreadable(router, e));
        }
      } else {
        gates = new TextGates(model, device.get(), begin, weights);
      }
      Map<String, String> expertOf =
          router.description().getDomains().stream()
              .collect(Collectors.toMap(DomainTokens::getDomain, DomainTokens::getExpert));
      served = Optional.of(new Served(gates, expertOf, Optional.of(router.version())));
      context.console().note("router version " + router.version());
      return Optional.empty();
    }

    private Optional<String> misfit(Router router) {
      Optional<String> otherSource =
          served
              .map(now -> now.gates().source())
              .flatMap(source -> VersionFit.otherSource(router, source));
      if (otherSource.isPresent()) {
        return otherSource;
      }
      try {
        Optional<String> otherModel = VersionFit.otherModel(router, MergedManifest.read(model));
        return otherModel.isPresent() ? otherModel : otherShape(router);
      } catch (IOException e) {
        // Somebody may just be writing there.
        return Optional.of(unreadable(router, e));
      }
    }

    /** Whoever may write versions can write one whose gates fit nothing. */
    private Optional<String> otherShape(Router router) throws IOException {
      ModelConfig config = ModelConfig.read(model.resolve("config.json"));
      boolean ofTokens =
          router
              .description()
              .getFit()
              .getFeatureSource()
              .equals(FeatureSource.EMBEDDING.toString());
      return VersionFit.otherShape(router, ofTokens ? 1 : config.layers(), config.hiddenSize());
    }

    private static String unreadable(Router router, IOException why) {
      return "version %d: the model can't be read: %s"
          .formatted(router.version(), why.getMessage());
    }

    @Override
    public void close() {
      unsubscribe.run();
      served.ifPresent(now -> now.gates().close());
    }
  }
}
