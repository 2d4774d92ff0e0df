package io.dume.cli;

import io.dume.administration.ExpertLists;
import io.dume.schemas.message.ExpertsChanged;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dume domains}: which domains a router counts. */
@Command(
    name = "domains",
    description = {
      "Lists, adds or removes the domains that a router counts.",
      "A removed domain is taken out of the sums exactly, as if it had never been fed."
    },
    footer = {
      "",
      "Examples:",
      "  dume domains list",
      "  dume domains remove politics",
      "  dume domains add politics"
    })
final class DomainsCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(), "say what to do: dume domains list, add or remove");
  }

  static List<Object> subcommands(CliContext context) {
    return List.of(new ListThem(context), new Add(context), new Remove(context));
  }

  /** {@code dume domains list}. */
  @Command(
      name = "list",
      description = "Lists the domains by expert, in the order of the router's columns.")
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

  /** {@code dume domains add}. */
  @Command(
      name = "add",
      description = {
        "Lets a domain in, or in again.",
        "What is fed from now on counts. What was set aside in between can be sent again with `dume"
            + " dead-letters resend`, and what was fed before the domain was removed by feeding it again."
      },
      footer = {"", "Example:", "  dume domains add patents --expert law"})
  static final class Add implements Callable<Integer> {

    @Mixin private KafkaOptions kafka = new KafkaOptions();
    @Mixin private RouterOptions router = new RouterOptions();

    @Parameters(paramLabel = "DOMAIN", description = "The label of its documents.")
    private String domain;

    @Option(
        names = "--expert",
        paramLabel = "NAME",
        description =
            "The expert that its tokens belong to. Default: the one that it had, or the one of its"
                + " name.")
    private Optional<String> expert = Optional.empty();

    private final CliContext context;

    Add(CliContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
      ExpertsChanged list =
          new ExpertLists(kafka.settings(), kafka.topics(), router.name())
              .addDomain(domain, expert);
      ListLines.print(list, context.console());
      return ExitCode.OK;
    }
  }

  /** {@code dume domains remove}. */
  @Command(
      name = "remove",
      description = {
        "Takes a domain out, with everything that was counted of it.",
        "The next version is that of a router that never saw it. Records of it that come later go to"
            + " dead-letters. An expert whose last domain it was goes too."
      },
      footer = {"", "Example:", "  dume domains remove politics && dume solve"})
  static final class Remove implements Callable<Integer> {

    @Mixin private KafkaOptions kafka = new KafkaOptions();
    @Mixin private RouterOptions router = new RouterOptions();

    @Parameters(paramLabel = "DOMAIN", description = "The label of its documents.")
    private String domain;

    private final CliContext context;

    Remove(CliContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
      ExpertsChanged list =
          new ExpertLists(kafka.settings(), kafka.topics(), router.name()).removeDomain(domain);
      ListLines.print(list, context.console());
      context.console().note("`dume solve` asks for the version without it now");
      return ExitCode.OK;
    }
  }
}
