package io.dume.cli;

import io.dume.models.MixtureModel;
import io.dume.models.Routing;
import java.io.IOException;
import java.util.Optional;

/** A mixture that answers one request after another, maybe with another router each time. */
interface ServedMixture extends AutoCloseable {

  /**
   * What a request is answered with.
   *
   * @param mixture open until the next call
   * @param version the router's, where it comes from an installation
   */
  record Served(MixtureModel mixture, Routing routing, Optional<Long> version) {}

  /** Returns what the next request is answered with; nothing if the command is to stop. */
  Optional<Served> next() throws IOException, InterruptedException;

  @Override
  void close();

  /** A mixture whose router stays. */
  static ServedMixture of(MixtureModel mixture, Routing routing) {
    return new ServedMixture() {
      @Override
      public Optional<Served> next() {
        return Optional.of(new Served(mixture, routing, Optional.empty()));
      }

      @Override
      public void close() {
        mixture.close();
      }
    };
  }
}
