package io.dume.cli;

import io.dume.models.Device;
import io.dume.models.MergedManifest;
import io.dume.models.RouterWeights;
import io.dume.router.Router;
import io.dume.router.RouterSubscription;
import io.dume.schemas.message.DomainTokens;
import java.io.IOException;
import java.io.UncheckedIOException;
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

    private final RouterSubscription versions;
    private final Path model;
    private final Supplier<Device> device;
    private final OptionalInt begin;
    private final CliContext context;
    private Optional<Served> served = Optional.empty();

    /** A version that is not for this model, or not yet: experts may still join its directory. */
    private Optional<Router> passedOver = Optional.empty();

    private long looked;

    /** Takes over the subscription: closes it when it is closed. */
    Followed(
        RouterSubscription versions,
        Path model,
        Supplier<Device> device,
        OptionalInt begin,
        CliContext context) {
      this.versions = versions;
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
      } else if (System.nanoTime() - looked > BETWEEN_LOOKS) {
        looked = System.nanoTime();
        take(versions.next(Duration.ZERO));
      }
      return served;
    }

    private void take(Optional<Router> came) throws IOException {
      Optional<Router> version = came.or(() -> passedOver);
      if (version.isEmpty()) {
        return;
      }
      Router router = version.get();
      Optional<String> misfit =
          served
              .map(now -> now.gates().source())
              .flatMap(source -> VersionFit.otherSource(router, source))
              .or(() -> otherModel(router));
      if (misfit.isPresent()) {
        if (came.isPresent()) {
          context.console().note(misfit.get() + "; passed over until that changes");
        }
        passedOver = version;
        return;
      }
      passedOver = Optional.empty();
      RouterWeights weights = VersionDocument.weights(router);
      TextGates gates;
      if (served.isPresent()) {
        gates = served.get().gates();
        gates.use(weights);
      } else {
        gates = new TextGates(model, device.get(), begin, weights);
      }
      Map<String, String> expertOf =
          router.description().getDomains().stream()
              .collect(Collectors.toMap(DomainTokens::getDomain, DomainTokens::getExpert));
      served = Optional.of(new Served(gates, expertOf, Optional.of(router.version())));
      context.console().note("router version " + router.version());
    }

    private Optional<String> otherModel(Router router) {
      try {
        return VersionFit.otherModel(router, MergedManifest.read(model));
      } catch (IOException e) {
        throw new UncheckedIOException(e.getMessage(), e);
      }
    }

    @Override
    public void close() {
      versions.close();
      served.ifPresent(now -> now.gates().close());
    }
  }
}
