package io.dume.cli;

import io.dume.feed.Feed;
import io.dume.feed.FeedConfig;
import io.dume.feed.FeedProgress;
import io.dume.feed.FeedReport;
import io.dume.feed.FeedSource;
import io.dume.feed.ModelTextEncoder;
import io.dume.models.MergedManifest;
import io.dume.models.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dume feed}: labelled text onto the topic of token batches. */
@Command(
    name = "feed",
    description = {
      "Turns labelled text into token batches.",
      "From files and directories, lines of JSON, standard input, or Kafka topics of documents, which it follows until it is stopped."
    },
    footer = {
      "",
      "A document of JSON is {\"domain\": \"…\", \"id\": \"…\", \"text\": \"…\"}, one a line or a"
          + " message. The same document sent again gets the same id.",
      "",
      "Examples:",
      "  dume feed --model merged --domain math notes.txt papers/",
      "  dume feed --model merged --jsonl train.jsonl",
      "  zcat dump.gz | dume feed --model merged --jsonl -",
      "  dume feed --model merged --from-topic documents"
    })
final class FeedCommand implements Callable<Integer> {

  private static final Path STANDARD_INPUT = Path.of("-");

  @Mixin private KafkaOptions kafka = new KafkaOptions();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description =
          "The merged model: its tokenizer, and its experts' names, which are the domains.")
  private Path model;

  @Option(
      names = "--domain",
      paramLabel = "NAME",
      description = "The label of all the text; each file is one document.")
  private Optional<String> domain = Optional.empty();

  @Option(names = "--jsonl", description = "The files hold documents as lines of JSON.")
  private boolean jsonLines;

  @Option(
      names = "--from-topic",
      paramLabel = "TOPIC",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "Follows a topic of documents until it is stopped; may be repeated.")
  private List<String> fromTopics = new ArrayList<>();

  @Option(
      names = "--group",
      paramLabel = "NAME",
      description = "Consumer group for --from-topic; feeds of one group share the work.")
  private Optional<String> group = Optional.empty();

  @Parameters(
      paramLabel = "FILE|DIR|-",
      arity = "0..*",
      description = "Files, directories (read recursively), or - for standard input.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--split-on-blank-lines",
      description = "With --domain: each paragraph is a document, instead of each file.")
  private boolean splitOnBlankLines;

  @Option(
      names = "--accept-domain",
      paramLabel = "NAME",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description =
          "A domain that is no expert's name in the model, as `dume domains add` lets in; may be"
              + " repeated. Documents of other domains are set aside.")
  private List<String> accepted = List.of();

  @Mixin private ContextOption context = new ContextOption();

  @Option(
      names = "--sequences-per-record",
      paramLabel = "N",
      description = "Sequences of a record. Default: 16, fewer if they would be very long.")
  private Optional<Integer> sequencesPerRecord = Optional.empty();

  @Option(
      names = "--held-out",
      description = "Marks the records as held out: they are kept out of routers.")
  private boolean heldOut;

  @Option(
      names = "--tokens-per-second",
      paramLabel = "N",
      description = "Feeds no faster than this. Default: as fast as it goes.")
  private Optional<Double> tokensPerSecond = Optional.empty();

  @Mixin private PartitionOptions partitions = new PartitionOptions();

  @Spec private CommandSpec spec;

  private final CliContext cli;

  FeedCommand(CliContext cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<FeedSource> sources = sources();
    int positions = ModelConfig.read(model.resolve("config.json")).maxPositionEmbeddings();
    FeedConfig config =
        FeedConfig.defaults(kafka.settings(), context.forModel(positions))
            .withTopics(kafka.topics(), partitions.partitions())
            .withHeldOut(heldOut)
            .withTokensPerSecond(
                tokensPerSecond.map(OptionalDouble::of).orElse(OptionalDouble.empty()));
    if (sequencesPerRecord.isPresent()) {
      config = config.withSequencesPerRecord(sequencesPerRecord.get());
    }
    StopSignal stop = cli.stop().arm();
    FeedReport report;
    try (ModelTextEncoder encoder = ModelTextEncoder.load(model);
        Feed feed =
            new Feed(
                config,
                encoder,
                domains(),
                progress -> cli.console().progress(line(progress)),
                cli.clock())) {
      stop.onRequest(feed::stop);
      report =
          fromTopics.isEmpty()
              ? feed.send(sources)
              : feed.follow(fromTopics, group.orElse(Feed.defaultGroup(kafka.topics())));
    }
    cli.console().progressDone(line(report.total()));
    report.listed().forEach(document -> cli.console().note("set aside: " + document));
    long unlisted = report.total().setAside() - report.listed().size();
    if (unlisted > 0) {
      cli.console().note("and %d more were set aside".formatted(unlisted));
    }
    return report.total().setAside() == 0 ? ExitCode.OK : ExitCode.SET_ASIDE;
  }

  private Set<String> domains() throws IOException {
    Set<String> domains = new HashSet<>(MergedManifest.read(model).expertNames());
    domains.addAll(accepted);
    return domains;
  }

  private static String line(FeedProgress now) {
    return "%d documents, %d records, %d tokens; %.0f documents/s, %.0f tokens/s; %d set aside"
        .formatted(
            now.documents(),
            now.records(),
            now.tokens(),
            now.documentsPerSecond(),
            now.tokensPerSecond(),
            now.setAside());
  }

  private List<FeedSource> sources() {
    int ways = (domain.isPresent() ? 1 : 0) + (jsonLines ? 1 : 0) + (fromTopics.isEmpty() ? 0 : 1);
    if (ways != 1) {
      throw usage(
          "say how the text is labelled: one of --domain NAME, --jsonl, --from-topic TOPIC");
    }
    if (!fromTopics.isEmpty()) {
      if (!files.isEmpty()) {
        throw usage("--from-topic reads topics, not files: leave out " + files.get(0));
      }
      return List.of();
    }
    if (files.isEmpty()) {
      throw usage("nothing to feed: name files or directories, or - for standard input");
    }
    return files.stream().map(this::source).toList();
  }

  private FeedSource source(Path file) {
    boolean standardInput = file.equals(STANDARD_INPUT);
    if (!standardInput && !Files.exists(file)) {
      throw usage(file + " does not exist; check the path");
    }
    if (jsonLines) {
      return standardInput
          ? new FeedSource.JsonStream(System.in, "stdin")
          : new FeedSource.JsonLines(file);
    }
    FeedSource.Split split =
        splitOnBlankLines ? FeedSource.Split.BLANK_LINES : FeedSource.Split.WHOLE;
    return standardInput
        ? new FeedSource.TextStream(domain.orElseThrow(), System.in, split)
        : new FeedSource.TextFiles(domain.orElseThrow(), file, split);
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
