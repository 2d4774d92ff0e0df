package io.dume.cli;

import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.Routing;
import io.dume.router.Router;
import io.dume.router.RouterSubscription;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A mixture with the newest version of its router. A thread of its own follows the versions while a
 * request is answered; the next one begins with what has come. A version that is not for this model
 * is passed over, with a note, for as long as the model's directory does not catch up with it.
 */
final class FollowedMixture implements ServedMixture {

  private static final Duration PAUSE = Duration.ofMillis(100);

  private final RoutingOptions options;
  private final CliContext context;
  private final RouterSubscription versions;
  private final AtomicReference<Optional<Router>> newest = new AtomicReference<>(Optional.empty());
  private final ServiceThread follower;
  private final FollowedModel model;
  private long seen;
  private Optional<Served> served = Optional.empty();

  /** Takes over both: closes them when it is closed. */
  FollowedMixture(
      Path directory,
      MixtureModel mixture,
      RouterSubscription versions,
      RoutingOptions options,
      CliContext context) {
    this.model = new FollowedModel(directory, mixture, context.console());
    this.versions = versions;
    this.options = options;
    this.context = context;
    follower =
        ServiceThread.start(
            "dume-follow", () -> versions.forEach(router -> newest.set(Optional.of(router))));
  }

  @Override
  public Optional<Served> next() throws InterruptedException {
    take();
    if (served.isEmpty()) {
      context.console().note("waiting for a version of the router");
    }
    while (served.isEmpty() && !context.stop().awaitFor(PAUSE)) {
      take();
    }
    return served;
  }

  private void take() {
    follower.requireWell();
    Optional<Router> router = newest.get().filter(r -> r.version() > seen);
    if (router.isEmpty()) {
      return;
    }
    Router version = router.get();
    Optional<MixtureModel> mixture = model.of(version);
    if (mixture.isEmpty()) {
      return;
    }
    seen = version.version();
    RouterWeights weights = VersionDocument.weights(version);
    Routing routing = new Routing.TopK(weights, options.policy(weights));
    served = Optional.of(new Served(mixture.get(), routing, Optional.of(version.version())));
    context.console().note("router version " + version.version());
  }

  @Override
  public void close() {
    versions.close();
    follower.join();
    model.close();
  }
}
