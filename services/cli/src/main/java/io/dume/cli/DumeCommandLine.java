package io.dume.cli;

import io.dume.administration.Penalty;
import io.dume.bench.Measurement;
import io.dume.bench.Measurements;
import io.dume.extractor.FitProposal;
import io.dume.solver.LambdaChoice;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;

/** Puts the command line together: commands, converters, environment, help and error handling. */
final class DumeCommandLine {

  static final int WIDTH = 100;

  private DumeCommandLine() {}

  static CommandLine create(CliContext context) {
    return create(context, Measurements.all());
  }

  static CommandLine create(CliContext context, List<Measurement> measurements) {
    CommandLine root = new CommandLine(new Dume());
    List<CommandGroup> groups = CommandGroup.all(context, measurements);
    groups.stream().flatMap(group -> group.commands().stream()).forEach(root::addSubcommand);
    Map<String, CommandLine> commands = root.getSubcommands();
    commands.get("router").addSubcommand(new RouterCommand.Export(context));
    commands.get("router").addSubcommand(new RouterTrainCommand(context));
    commands.get("router").addSubcommand(new PublishRouterCommand(context));
    commands.get("versions").addSubcommand(new ShowVersionCommand(context));
    commands.get("dead-letters").addSubcommand(new ResendCommand(context));
    ExpertsCommand.subcommands(context).forEach(commands.get("experts")::addSubcommand);
    DomainsCommand.subcommands(context).forEach(commands.get("domains")::addSubcommand);
    PolicyCommand.subcommands(context).forEach(commands.get("policy")::addSubcommand);
    FitsCommand.subcommands(context).forEach(commands.get("fits")::addSubcommand);
    prepare(root);
    CommandHelp.describeRoot(root, groups);

    EnvironmentDefaults environment = new EnvironmentDefaults(context.environment());
    ErrorLines errors = new ErrorLines(context.console(), environment, context.stop());
    root.registerConverter(Duration.class, new DurationConverter());
    root.registerConverter(ByteSize.class, ByteSize::parse);
    root.registerConverter(NamedDirectory.class, NamedDirectory::parse);
    root.registerConverter(Penalty.class, PenaltyConverter::parse);
    root.registerConverter(LambdaChoice.class, LambdaChoice::parse);
    root.registerConverter(FitProposal.Start.class, ReplayStartConverter::parse);
    root.setDefaultValueProvider(environment);
    root.setCaseInsensitiveEnumValuesAllowed(true);
    root.setOut(context.console().out());
    root.setErr(context.console().err());
    root.setParameterExceptionHandler(errors);
    root.setExecutionExceptionHandler(errors);
    root.setExecutionStrategy(strategy(context.console()));
    root.setHelpFactory(CommandHelp::new);
    root.setUsageHelpWidth(WIDTH);
    return root;
  }

  /** What every command has, so that no class needs to say it. */
  private static void prepare(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    if (spec.parent() == null) {
      spec.mixinStandardHelpOptions(true);
      spec.versionProvider(new BuildVersion());
    } else {
      // Without --version, which is a router's in some commands.
      spec.addOption(help());
    }
    spec.addMixin("verbosity", CommandSpec.forAnnotatedObject(new Verbosity()));
    spec.usageMessage()
        .abbreviateSynopsis(spec.parent() == null)
        .sortOptions(false)
        .showDefaultValues(false);
    command.getSubcommands().values().forEach(DumeCommandLine::prepare);
  }

  private static OptionSpec help() {
    return OptionSpec.builder("-h", "--help")
        .usageHelp(true)
        .description("Show this help message and exit.")
        .build();
  }

  private static IExecutionStrategy strategy(Console console) {
    RunLast runLast = new RunLast();
    return parsed -> {
      verbosity(parsed).apply(console);
      try {
        return runLast.execute(parsed);
      } catch (OutOfMemoryError | LinkageError e) {
        // Picocli reports exceptions alone; these two have remedies, and deserve one line as well.
        throw new CommandLine.ExecutionException(last(parsed).commandSpec().commandLine(), "", e);
      }
    };
  }

  static Verbosity verbosity(ParseResult parsed) {
    CommandSpec verbosity = last(parsed).commandSpec().mixins().get("verbosity");
    return (Verbosity) verbosity.userObject();
  }

  private static ParseResult last(ParseResult parsed) {
    ParseResult last = parsed;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    return last;
  }
}
