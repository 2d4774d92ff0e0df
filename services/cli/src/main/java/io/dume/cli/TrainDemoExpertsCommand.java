package io.dume.cli;

import io.dume.demo.DemoAssets;
import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import io.dume.demo.DemoTrainer;
import io.dume.demo.ExpertTable;
import io.dume.demo.TrainingOptions;
import io.dume.demo.TrainingProgress;
import io.dume.demo.TrainingReport;
import io.dume.models.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dume train-demo-experts}: the trainer that made the demo's experts. */
@Command(
    name = "train-demo-experts",
    description = {
      "Trains small experts from text alone, as those of the demo were made.",
      "A byte-level vocabulary and a base from the training text of all domains, then an expert a"
          + " domain from that base, each a Hugging Face directory. The defaults are the recipe of the"
          + " experts that come with the project, and take about half an hour on two cores."
    },
    footer = {
      "",
      "At the end it prints the perplexity of each expert on each domain's test text.",
      "",
      "Examples:",
      "  dume train-demo-experts --out experts",
      "  dume train-demo-experts --out tuned --base experts/base --tune all --passes 1.5"
    })
final class TrainDemoExpertsCommand implements Callable<Integer> {

  private static final TrainingOptions RECIPE = TrainingOptions.shipped(Path.of("experts"));

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Receives base/ and a directory for each domain; must not exist or be empty.")
  private Path out;

  @Option(
      names = "--corpora",
      paramLabel = "DIR",
      description =
          "Has DOMAIN/train.jsonl, DOMAIN/validation.jsonl and DOMAIN/test.jsonl. Default: the text"
              + " that comes with the project.")
  private Optional<Path> corpora = Optional.empty();

  @Option(
      names = "--domain",
      paramLabel = "NAME",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "One expert for each; may be repeated. Default: the demo's five.")
  private List<String> domains = new ArrayList<>();

  @Option(
      names = "--base",
      paramLabel = "DIR",
      description =
          "A base that this command wrote, to begin the experts from. Default: one is trained.")
  private Optional<Path> base = Optional.empty();

  @Option(
      names = "--tune",
      paramLabel = "mlps|all",
      defaultValue = "mlps",
      description =
          "What an expert's training changes: its MLPs, or every weight. Default: ${DEFAULT-VALUE}.")
  private TrainingOptions.Tune tune;

  @Option(
      names = "--passes",
      paramLabel = "N",
      description = "Passes over its domain's text that an expert makes. Default: 3.")
  private double passes = RECIPE.expertPasses();

  @Option(
      names = "--base-passes",
      paramLabel = "N",
      description = "Passes over all text that the base makes. Default: 4.")
  private double basePasses = RECIPE.basePasses();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the first weights and the order of the text. Default: 1.")
  private long seed = RECIPE.seed();

  @Spec private CommandSpec spec;

  private final CliContext context;

  TrainDemoExpertsCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    StopSignal stop = context.stop().arm();
    Console console = context.console();
    TrainingOptions options = Usage.check(spec, this::options);
    requireEmpty();
    TrainingReport report =
        DemoTrainer.run(
            options,
            progress -> {
              if (stop.requested()) {
                throw new StoppedException(
                    "stopped in the training of %s; what was finished is in %s"
                        .formatted(progress.stage(), out));
              }
              show(progress);
            });
    Table losses = new Table("trained", "validation loss");
    report.validationLosses().forEach((name, loss) -> losses.row(name, "%.3f".formatted(loss)));
    losses.print(console);
    console.note("trained in %d s; reading test text".formatted(report.took().toSeconds()));
    console.result("");
    console.result(
        ExpertTable.measure(
                out, options.domains(), testText(options), options.context(), Device.CPU)
            .toMarkdown()
            .stripTrailing());
    return ExitCode.OK;
  }

  private TrainingOptions options() {
    TrainingOptions options =
        TrainingOptions.shipped(out).withTune(tune).withPasses(basePasses, passes).withSeed(seed);
    List<String> names = domains.isEmpty() ? DemoAssets.DOMAINS : domains;
    if (corpora.isPresent()) {
      options = options.withCorpora(corpora.get(), names);
    } else {
      options = options.withDomains(names);
    }
    return base.isPresent() ? options.withBase(base.get()) : options;
  }

  private void requireEmpty() throws IOException {
    if (Files.exists(out)) {
      try (Stream<Path> entries = Files.list(out)) {
        if (entries.findAny().isPresent()) {
          throw new IllegalArgumentException(
              "--out %s is not empty; choose another directory".formatted(out));
        }
      }
    }
  }

  private void show(TrainingProgress progress) {
    if (progress.validation().isPresent()) {
      context.console().progressDone(progress.toString());
    } else {
      context.console().progress(progress.toString());
    }
  }

  private static List<Document> testText(TrainingOptions options) throws IOException {
    List<Document> documents = new ArrayList<>();
    for (String domain : options.domains()) {
      try (Stream<Document> test = options.documents(domain, Split.TEST)) {
        test.forEach(documents::add);
      }
    }
    return documents;
  }
}
