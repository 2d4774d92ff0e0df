package io.dume.e2e.crash;

import io.dume.demo.DemoAssets;
import io.dume.e2e.DumeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The run that nobody disturbs. */
final class Calm {

  private Calm() {}

  /** Feeds everything to an installation of its own, in one go, and returns what it made of it. */
  static Ledger run(Material material, Path directory, Path logs, Moments moments)
      throws IOException, InterruptedException {
    try (DumeProcess up =
        DumeProcess.start(
            logs.resolve("calm.log"),
            Map.of(),
            "up",
            "--data",
            directory.resolve("data"),
            "--port",
            0,
            "--model",
            material.model(),
            "--context-dim",
            DemoAssets.CONTEXT_DIM,
            "--cut-interval",
            "1h",
            "--cut-tokens",
            1_000_000_000)) {
      String bootstrap = up.awaitOutput("bootstrap servers: (\\S+)");
      List<Object> command = new ArrayList<>(material.feed(bootstrap));
      command.add("-");
      try (DumeProcess feed =
          DumeProcess.start(
              logs.resolve("calm-feed.log"), Map.of(), command.toArray(Object[]::new))) {
        Feeder feeder = new Feeder(feed, material.lines(), () -> 1, () -> false, moments, 0);
        feeder.run();
      }
      Ledger ledger = Ledger.close(bootstrap, directory);
      up.terminate();
      return ledger;
    }
  }
}
