package io.dume.cli;

import io.dume.router.RouterHistory;
import io.dume.schemas.message.RouterVersion;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume versions show}: everything about one version. */
@Command(
    name = "show",
    description = {
      "Explains one version: what it was made from, and how it differs.",
      "Experts, tokens by domain, offsets, the ridge penalty and how it was chosen, what changed since"
          + " the version before, and of each layer the residual of the solve, the smallest pivot of the"
          + " factorisation, and how well the experts' tokens can be told apart (R^2 of each column)."
    },
    footer = {"", "Examples:", "  dume versions show 12", "  dume versions show"})
final class ShowVersionCommand implements Callable<Integer> {

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();

  @Mixin private VersionOption number = new VersionOption();

  @Option(names = "--json", description = "As JSON.")
  private boolean json;

  private final CliContext context;

  ShowVersionCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    RouterVersion shown;
    Optional<RouterVersion> before;
    try (RouterHistory history =
        RouterHistory.open(kafka.settings(), kafka.topics(), router.name())) {
      shown = number.describedIn(history, router.name());
      before = history.descriptionBefore(shown.getVersion());
    }
    if (json) {
      context.console().result(VersionDocument.of(shown).toPrettyString());
    } else {
      new VersionPage(shown, before).print(context.console());
    }
    return ExitCode.OK;
  }
}
