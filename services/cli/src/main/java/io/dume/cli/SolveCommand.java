package io.dume.cli;

import io.dume.administration.CutRequests;
import io.dume.administration.Penalty;
import io.dume.router.RouterEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume solve}: a version now. */
@Command(
    name = "solve",
    description = {
      "Asks for a router version now, and waits for it.",
      "It counts all token batches that are there: workers flush at once, the accumulator cuts, the solver solves."
    },
    footer = {
      "",
      "Examples:",
      "  dume solve",
      "  dume solve --lambda 1 --timeout 1m",
      "  dume solve --lambda auto"
    })
final class SolveCommand implements Callable<Integer> {

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();

  @Option(
      names = "--lambda",
      paramLabel = "X|auto",
      description =
          "Ridge penalty of this version; auto chooses it by the error on held-out tokens. Default: the"
              + " solver's own.")
  private Optional<Penalty> lambda = Optional.empty();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "10m",
      description =
          "How long to wait for the answer; the request stands even after that. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration timeout;

  private final CliContext context;

  SolveCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    StopSignal stop = context.stop().arm();
    long deadline = System.nanoTime() + timeout.toNanos();
    context.console().progress("waiting for the version");
    Optional<RouterEvent> answer =
        new CutRequests(kafka.settings(), kafka.topics(), router.name())
            .ask(
                lambda.orElse(Penalty.DEFAULT),
                () -> stop.requested() || System.nanoTime() - deadline > 0);
    if (stop.requested()) {
      throw new StoppedException("stopped before there was a version; the request stands");
    }
    if (answer.isEmpty()) {
      throw new IllegalStateException(
          "no answer within %s; are feature extractors, an accumulator and a solver running?"
              .formatted(timeout));
    }
    context.console().result(VersionLines.of(answer.get()));
    return answer.get() instanceof RouterEvent.Published ? ExitCode.OK : ExitCode.FAILURE;
  }
}
