package io.dume.cli;

import io.dume.bench.Measurement;
import java.util.List;

/**
 * Commands that belong together, as the help shows them.
 *
 * @param title the heading
 * @param commands objects annotated with picocli's Command
 */
record CommandGroup(String title, List<Object> commands) {

  /** All commands of {@code dume}, in the order in which a newcomer needs them. */
  static List<CommandGroup> all(CliContext context, List<Measurement> measurements) {
    return List.of(
        new CommandGroup(
            "Models",
            List.of(
                new MoergeCommand(context),
                new EvaluateCommand(context),
                new GenerateCommand(context),
                new RouteCommand(context),
                new LogitsCommand(context),
                new ExportCommand(context),
                new LabCommand(context),
                new TrainDemoExpertsCommand(context))),
        new CommandGroup(
            "Everything in one process",
            List.of(new DemoCommand(context), new UpCommand(context), new FitCommand(context))),
        new CommandGroup(
            "Text in, router versions out",
            List.of(
                new FeedCommand(context),
                new SolveCommand(context),
                new VersionsCommand(context),
                new InspectCommand(context),
                new RouterCommand(),
                new DeadLettersCommand(context))),
        new CommandGroup(
            "Changing what runs",
            List.of(
                new ExpertsCommand(),
                new DomainsCommand(),
                new PolicyCommand(),
                new ReplayCommand(context),
                new FitsCommand())),
        new CommandGroup(
            "Services, each against any cluster",
            List.of(
                new FeatureExtractorCommand(context),
                new AccumulatorCommand(context),
                new SolverCommand(context),
                new BrokerCommand(context),
                new HealthCommand(context),
                new AclsCommand(context))),
        new CommandGroup(
            "How fast, and how much of it",
            List.of(new BenchCommand(context, measurements), new PlanCommand(context))));
  }
}
