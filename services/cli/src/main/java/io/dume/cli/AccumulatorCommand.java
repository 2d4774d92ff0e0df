package io.dume.cli;

import io.dume.accumulator.Accumulator;
import io.dume.accumulator.AccumulatorConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume accumulator}: folds and cuts. */
@Command(
    name = "accumulator",
    description = {
      "Runs an accumulator: orders flushes and cuts, and folds the statistics.",
      "It decides the order of flushes and cuts, and folds the statistics into its stores. Several share the partitions; one of them keeps the order."
    },
    footer = {
      "",
      "Example:",
      "  dume accumulator --bootstrap-servers kafka:9092 --state state --instance accumulator-0"
    })
final class AccumulatorCommand implements Callable<Integer> {

  @Mixin private KafkaOptions kafka = new KafkaOptions();

  @Option(
      names = "--state",
      paramLabel = "DIR",
      required = true,
      description = "The stores; lost, they are restored from their changelogs.")
  private Path state;

  @Option(
      names = "--instance",
      paramLabel = "NAME",
      required = true,
      description =
          "A stable name of this accumulator; no two that run at once may share it. One that restarts"
              + " under its old name finds its tasks again.")
  private String instance;

  @Mixin private CutOptions cuts = new CutOptions();
  @Mixin private FoldOptions fold = new FoldOptions();
  @Mixin private PartitionOptions partitions = new PartitionOptions();

  private final CliContext context;

  AccumulatorCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    StopSignal stop = context.stop().arm();
    AccumulatorConfig config =
        fold.refine(
            AccumulatorConfig.defaults(kafka.settings(), kafka.topics(), state, instance)
                .withPartitions(partitions.partitions())
                .withCuts(cuts.policy()));
    try (Accumulator accumulator = Accumulator.start(config)) {
      stop.await(accumulator.failure());
    }
    return ExitCode.OK;
  }
}
