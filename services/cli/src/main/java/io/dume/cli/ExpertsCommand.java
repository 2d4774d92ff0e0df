package io.dume.cli;

import io.dume.administration.ExpertLists;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dume experts}: which experts a router chooses from. */
@Command(
    name = "experts",
    description = {
      "Lists, adds or removes the experts of a router that runs.",
      "Frozen: the backbone stays, and so do all statistics; only the new expert's domain is extracted."
          + " Remerged: a new average, and so a new fit, replayed from token-batches beside the one that"
          + " serves."
    },
    footer = {
      "",
      "Examples:",
      "  dume experts list",
      "  dume experts add law=models/law --model merged",
      "  dume experts add law=models/law --remerged --expert math=models/math --expert code=models/code"
          + " --model merged2",
      "  dume experts remove math"
    })
final class ExpertsCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(), "say what to do: dume experts list, add or remove");
  }

  static List<Object> subcommands(CliContext context) {
    return List.of(
        new ListThem(context), new AddExpertCommand(context), new RemoveExpertCommand(context));
  }

  /** {@code dume experts list}. */
  @Command(name = "list", description = "Lists the experts in the order of the router's columns.")
  static final class ListThem implements Callable<Integer> {

    @Mixin private KafkaOptions kafka = new KafkaOptions();
    @Mixin private RouterOptions router = new RouterOptions();

    private final CliContext context;

    ListThem(CliContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException {
      ListLines.print(
          new ExpertLists(kafka.settings(), kafka.topics(), router.name()).current(),
          context.console());
      return ExitCode.OK;
    }
  }
}
