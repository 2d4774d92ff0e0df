package io.dume.cli;

import io.dume.extractor.ExtractorSnapshot;
import io.dume.extractor.FeatureExtractor;
import io.dume.extractor.FeatureExtractorConfig;
import io.dume.extractor.LoadedModel;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume feature-extractor}: a worker. */
@Command(
    name = "feature-extractor",
    description = {
      "Runs a worker: partial statistics of token batches, each exactly once.",
      "Token batches run through the backbone and their expert's MLPs; with --features embedding"
          + " their tokens' embeddings are looked up instead. Start more to share the work,"
          + " each with an instance name of its own."
    },
    footer = {
      "",
      "Example:",
      "  dume feature-extractor --bootstrap-servers kafka:9092 --model merged --instance gpu-0"
    })
final class FeatureExtractorCommand implements Callable<Integer> {

  private static final Duration REPORT = Duration.ofSeconds(1);

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--instance",
      paramLabel = "NAME",
      required = true,
      description =
          "A stable name of this worker; no two that run at once may share it. One that restarts under"
              + " its old name ends the transaction that it died in.")
  private String instance;

  @Option(
      names = "--static-membership",
      description =
          "Keeps the worker's partitions while it restarts; they wait for it until the session times"
              + " out.")
  private boolean staticMembership;

  @Mixin private FitOptions fit = new FitOptions();
  @Mixin private FlushOptions flush = new FlushOptions();
  @Mixin private PartitionOptions partitions = new PartitionOptions();

  private final CliContext context;

  FeatureExtractorCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    StopSignal stop = context.stop().arm();
    try (LoadedModel merged =
            LoadedModel.open(fit.features(), model.directory(), model.device(), fit.gramType());
        FeatureExtractor worker =
            new FeatureExtractor(
                FeatureExtractorConfig.defaults(
                        kafka.settings(), instance, fit.settings(merged.identity().maxPositions()))
                    .withTopics(kafka.topics(), partitions.partitions())
                    .withFlush(flush.policy())
                    .withStaticMembership(staticMembership),
                merged,
                context.clock())) {
      ServiceThread thread = ServiceThread.start("dume-" + instance, worker::run);
      while (!thread.failure().isDone() && worker.retired().isEmpty() && !stop.awaitFor(REPORT)) {
        context.console().progress(line(worker.snapshot()));
      }
      worker.stop();
      thread.join();
      context.console().progressDone(line(worker.snapshot()));
      worker.retired().ifPresent(context.console()::note);
      thread.requireWell();
    }
    return ExitCode.OK;
  }

  private static String line(ExtractorSnapshot now) {
    return "%d partitions; %d records and %d tokens in %d flushes, %d set aside; %d records pending"
        .formatted(
            now.partitions(),
            now.records(),
            now.tokens(),
            now.flushes(),
            now.setAside(),
            now.pendingRecords());
  }
}
