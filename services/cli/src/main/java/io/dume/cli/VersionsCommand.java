package io.dume.cli;

import io.dume.router.RouterEvent;
import io.dume.router.RouterHistory;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume versions}: the router versions there are, and those that come. */
@Command(
    name = "versions",
    description = {
      "Lists a router's versions.",
      "And the cuts that gave none, with the reason. With --follow, each new one as it comes."
    },
    footer = {
      "",
      "Examples:",
      "  dume versions --bootstrap-servers localhost:9092",
      "  dume versions --follow --json"
    })
final class VersionsCommand implements Callable<Integer> {

  private static final Duration POLL = Duration.ofMillis(250);

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();

  @Option(names = "--follow", description = "Waits for more until it is stopped.")
  private boolean follow;

  @Option(names = "--json", description = "One JSON object a line, with all that a version says.")
  private boolean json;

  private final CliContext context;

  VersionsCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    try (RouterHistory history =
        RouterHistory.open(kafka.settings(), kafka.topics(), router.name())) {
      List<RouterEvent> events = history.list();
      events.forEach(this::print);
      if (!follow) {
        if (events.isEmpty()) {
          context
              .console()
              .note(
                  "router %s has no version yet; `dume solve` asks for one"
                      .formatted(router.name()));
        }
        return ExitCode.OK;
      }
      StopSignal stop = context.stop().arm();
      while (!stop.requested()) {
        history.next(POLL).forEach(this::print);
      }
    }
    return ExitCode.OK;
  }

  private void print(RouterEvent event) {
    context.console().result(json ? VersionDocument.of(event).toString() : VersionLines.of(event));
  }
}
