package io.dume.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The root command: without a subcommand it explains itself. */
@Command(
    name = "dume",
    description =
        "Turns dense expert language models of one architecture into one mixture of experts, without"
            + " training: labelled text streams through Kafka, statistics are folded exactly once, and"
            + " new versions of the router appear as the data arrives.")
final class Dume implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    CommandLine command = spec.commandLine();
    command.usage(command.getErr());
    return ExitCode.USAGE;
  }
}
