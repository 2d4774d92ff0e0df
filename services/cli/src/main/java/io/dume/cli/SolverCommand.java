package io.dume.cli;

import io.dume.solver.Solver;
import io.dume.solver.SolverConfig;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume solver}: cuts to versions. */
@Command(
    name = "solver",
    description = {
      "Runs a solver: a router version from each cut.",
      "Start more; one is active, the others stand by."
    },
    footer = {"", "Example:", "  dume solver --bootstrap-servers kafka:9092"})
final class SolverCommand implements Callable<Integer> {

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();
  @Mixin private SolverOptions options = new SolverOptions();
  @Mixin private PartitionOptions partitions = new PartitionOptions();

  @Option(
      names = "--instance",
      paramLabel = "NAME",
      description =
          "A stable name that no other solver of the router has: restarted under it, even after a kill,"
              + " this one takes over at once instead of waiting for its own session to time out.")
  private Optional<String> instance = Optional.empty();

  @Option(
      names = "--mixed",
      description = "Solves a fit of another numeric profile; versions say so.")
  private boolean mixed;

  private final CliContext context;

  SolverCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    StopSignal stop = context.stop().arm();
    SolverConfig unnamed =
        options.refine(
            SolverConfig.defaults(kafka.settings())
                .withTopics(kafka.topics())
                .withRouter(router.name())
                .withMixed(mixed));
    SolverConfig config = instance.map(unnamed::withInstance).orElse(unnamed);
    try (Admin admin = Admin.create(config.kafka().admin())) {
      config.topics().create(admin, partitions.partitions(), config.kafka().topic());
    }
    try (Solver solver = new Solver(config, context.clock())) {
      ServiceThread thread = ServiceThread.start("dume-solver", solver::run);
      stop.await(thread.failure());
      solver.stop();
      thread.join();
    }
    return ExitCode.OK;
  }
}
