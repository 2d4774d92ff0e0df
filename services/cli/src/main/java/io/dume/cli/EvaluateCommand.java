package io.dume.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.evaluator.EvaluationSet;
import io.dume.evaluator.Evaluator;
import io.dume.evaluator.Perplexity;
import io.dume.evaluator.RoutingChoice;
import io.dume.feed.DocumentFile;
import io.dume.feed.SetAsideDocument;
import io.dume.models.DenseModel;
import io.dume.models.MergedManifest;
import io.dume.models.MixtureModel;
import io.dume.models.ModelConfig;
import io.dume.models.RouterWeights;
import io.dume.models.Tokenizer;
import io.dume.router.Router;
import io.dume.router.RouterSubscription;
import io.dume.schemas.message.Expert;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dume evaluate}: perplexity on held-out text by domain. */
@Command(
    name = "evaluate",
    description = {
      "Computes perplexity on held-out text by domain.",
      "Of the mixture with a router, of all parameters averaged, random routing, the oracle, or a dense expert."
    },
    footer = {
      "",
      "Perplexity is exp(total negative log-likelihood / predicted tokens) over each document and its"
          + " end-of-text token, in windows that do not overlap; the first token of a window is not"
          + " predicted.",
      "",
      "Examples:",
      "  dume evaluate --model merged --router router.safetensors --jsonl test.jsonl --out dume.json",
      "  dume evaluate --model merged --router oracle --jsonl test.jsonl",
      "  dume evaluate --model merged --dense math --expert math=models/math --jsonl test.jsonl",
      "  dume evaluate --model merged --follow --jsonl test.jsonl"
    })
final class EvaluateCommand implements Callable<Integer> {

  private static final Duration POLL = Duration.ofMillis(250);

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--router",
      paramLabel = "FILE|average|random|oracle",
      description = "A router file, or one of the three ways to do without.")
  private Optional<String> router = Optional.empty();

  @Option(
      names = "--dense",
      paramLabel = "NAME",
      description = "A dense expert instead of the mixture: its own backbone and MLPs.")
  private Optional<String> dense = Optional.empty();

  @Option(
      names = "--expert",
      paramLabel = "NAME=DIR",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "With --dense: where the expert's Hugging Face directory is.")
  private List<NamedDirectory> experts = new ArrayList<>();

  @Option(
      names = "--follow",
      description =
          "Judges each router version as it comes, a row for each, until it is stopped; see"
              + " --bootstrap-servers.")
  private boolean follow;

  @Mixin private RoutingOptions routing = new RoutingOptions();

  @Option(
      names = "--jsonl",
      paramLabel = "FILE",
      required = true,
      arity = "1..*",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "Documents, as `dume feed --jsonl` takes them.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = {"--context", "--context-dim"},
      paramLabel = "N",
      description =
          "Tokens of a window. Default: the router's context_dim; where there is no router, 512 or what"
              + " the model allows if that is less. Give it when you compare.")
  private Optional<Integer> contextDim = Optional.empty();

  @Option(
      names = "--tokens-per-domain",
      paramLabel = "N",
      description = "Reads the first documents of each domain, up to so many tokens. Default: all.")
  private Optional<Long> tokensPerDomain = Optional.empty();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Receives {\"<domain>\": {\"perplexity\": p, \"tokens\": n}}.")
  private Optional<Path> out = Optional.empty();

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions routerName = new RouterOptions();

  @Spec private CommandSpec spec;

  private final CliContext context;
  private final List<SetAsideDocument> setAside = new ArrayList<>();

  /** The only labels that make sense, where the label decides. */
  private Optional<Set<String>> known = Optional.empty();

  EvaluateCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    int ways = (router.isPresent() ? 1 : 0) + (dense.isPresent() ? 1 : 0) + (follow ? 1 : 0);
    if (ways != 1) {
      throw usage("say what to judge: one of --router, --dense NAME, --follow");
    }
    out.ifPresent(file -> ResultFile.requireWritable("--out", file));
    if (dense.isPresent()) {
      finish(dense());
    } else if (follow) {
      follow();
    } else {
      finish(mixture());
    }
    setAside.forEach(document -> context.console().note("set aside: " + document));
    return setAside.isEmpty() ? ExitCode.OK : ExitCode.SET_ASIDE;
  }

  private Map<String, Perplexity> dense() throws IOException {
    String name = dense.orElseThrow();
    Path directory =
        experts.stream()
            .filter(expert -> expert.name().equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    usage("--dense %s needs its directory: --expert %s=DIR".formatted(name, name)))
            .directory();
    Evaluator evaluator = evaluator(Optional.empty());
    try (DenseModel expert = DenseModel.load(directory, model.device())) {
      return evaluator.dense(expert);
    }
  }

  private Map<String, Perplexity> mixture() throws IOException {
    String chosen = router.orElseThrow();
    RoutingChoice choice;
    Optional<RouterWeights> weights = Optional.empty();
    switch (chosen) {
      case "average" -> choice = new RoutingChoice.Average();
      case "random" -> choice = new RoutingChoice.Random(routing.seed());
      case "oracle" -> choice = new RoutingChoice.Oracle();
      default -> {
        weights = Optional.of(RouterWeights.read(Path.of(chosen)));
        choice = gates(weights.get());
      }
    }
    if (choice instanceof RoutingChoice.Oracle) {
      known = Optional.of(Set.copyOf(MergedManifest.read(model.directory()).expertNames()));
    }
    Evaluator evaluator = evaluator(weights);
    try (MixtureModel mixture = MixtureModel.load(model.directory(), model.device())) {
      return evaluator.mixture(mixture, choice);
    }
  }

  private RoutingChoice gates(RouterWeights weights) {
    return new RoutingChoice.Gates(weights, routing.topK(), routing.temperature());
  }

  private void follow() throws IOException {
    StopSignal stop = context.stop().arm();
    MixtureModel mixture = MixtureModel.load(model.directory(), model.device());
    // By window: the versions of a router are of one context_dim until a replay changes it.
    Map<Integer, Evaluator> evaluators = new HashMap<>();
    try (RouterSubscription versions =
        RouterSubscription.open(kafka.settings(), kafka.topics(), routerName.name())) {
      while (!stop.requested()) {
        Optional<Router> next = versions.next(POLL);
        if (next.isPresent()) {
          mixture = newest(mixture);
          judge(next.get(), mixture, evaluators);
        }
      }
    } finally {
      mixture.close();
    }
  }

  /** Experts may have joined the model's directory since. */
  private static MixtureModel newest(MixtureModel mixture) throws IOException {
    Optional<MixtureModel> reloaded = mixture.reload();
    reloaded.ifPresent(newer -> mixture.close());
    return reloaded.orElse(mixture);
  }

  private void judge(Router router, MixtureModel mixture, Map<Integer, Evaluator> evaluators)
      throws IOException {
    String backbone = router.description().getFit().getBackbone();
    if (!backbone.equals(mixture.manifest().backboneFingerprint())) {
      context
          .console()
          .note(
              "version %d is of another merged model, with backbone %s: start again with that one"
                  .formatted(router.version(), backbone));
      return;
    }
    Optional<String> missing = missing(router.description().getExperts(), mixture.manifest());
    if (missing.isPresent()) {
      context
          .console()
          .note(
              "version %d has expert %s, which this model lacks or has with other MLPs"
                  .formatted(router.version(), missing.get()));
      return;
    }
    RouterWeights weights = VersionDocument.weights(router);
    Optional<RouterWeights> given = Optional.of(weights);
    int window = contextDim.orElseGet(() -> contextOf(given));
    Evaluator evaluator = evaluators.get(window);
    if (evaluator == null) {
      evaluator = evaluator(given);
      evaluators.put(window, evaluator);
    }
    Map<String, Perplexity> judged = evaluator.mixture(mixture, gates(weights));
    StringBuilder row = new StringBuilder("version " + router.version());
    judged.forEach((domain, p) -> row.append("  %s %.3f".formatted(domain, p.value())));
    context.console().result(row.toString());
    write(judged);
  }

  /** An expert that a model can't stand for, if there is one. */
  static Optional<String> missing(List<Expert> experts, MergedManifest model) {
    return experts.stream()
        .filter(
            expert ->
                model.experts().stream()
                    .noneMatch(
                        here ->
                            here.name().equals(expert.getName())
                                && here.fingerprint().equals(expert.getMlp())))
        .map(Expert::getName)
        .findFirst();
  }

  private Evaluator evaluator(Optional<RouterWeights> weights) throws IOException {
    int window = contextDim.orElseGet(() -> contextOf(weights));
    try (Tokenizer tokenizer = Tokenizer.load(model.directory())) {
      EvaluationSet.Builder set =
          EvaluationSet.builder(tokenizer, window, tokensPerDomain.orElse(Long.MAX_VALUE));
      Set<String> asked = new LinkedHashSet<>();
      for (Path file : files) {
        DocumentFile.read(file, new Documents(file, set, asked));
      }
      EvaluationSet documents = set.build();
      asked.removeAll(documents.domains());
      asked.forEach(
          domain ->
              context
                  .console()
                  .note("domain %s is left out: it has nothing to predict".formatted(domain)));
      if (documents.domains().isEmpty()) {
        setAside.forEach(document -> context.console().note("set aside: " + document));
        throw new IllegalArgumentException(
            "--jsonl %s: no document has anything to predict".formatted(files));
      }
      context.console().note("windows of %d tokens".formatted(window));
      return new Evaluator(
          documents,
          (domain, read, all) ->
              context.console().progress("%s: %d of %d windows".formatted(domain, read, all)));
    }
  }

  /** Takes a file's documents into the set, or notes why not. */
  private final class Documents implements DocumentFile.Sink {
    private final Path file;
    private final EvaluationSet.Builder set;
    private final Set<String> domains;
    private long read;

    Documents(Path file, EvaluationSet.Builder set, Set<String> domains) {
      this.file = file;
      this.set = set;
      this.domains = domains;
    }

    @Override
    public void document(String domain, String text) {
      read++;
      if (known.isPresent() && !known.get().contains(domain)) {
        setAside.add(
            new SetAsideDocument(
                "%s: document %d, of %s".formatted(file, read, domain),
                "unknown-domain",
                "the oracle knows %s".formatted(new TreeSet<>(known.get()))));
        return;
      }
      domains.add(domain);
      if (set.add(domain, text) == EvaluationSet.Added.EMPTY) {
        setAside.add(
            new SetAsideDocument(
                "%s: document %d, of %s".formatted(file, read, domain),
                "empty-text",
                "the text has no tokens"));
      }
    }

    @Override
    public void setAside(SetAsideDocument document) {
      read++;
      setAside.add(document);
    }
  }

  private int contextOf(Optional<RouterWeights> weights) {
    Optional<String> ofRouter =
        weights.map(w -> w.metadata().get(VersionDocument.CONTEXT_DIM)).filter(s -> !s.isBlank());
    if (ofRouter.isPresent()) {
      try {
        return Integer.parseInt(ofRouter.get());
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "%s in the router file is \"%s\", not a number: give --context-dim"
                .formatted(VersionDocument.CONTEXT_DIM, ofRouter.get()),
            e);
      }
    }
    try {
      int positions =
          ModelConfig.read(model.directory().resolve("config.json")).maxPositionEmbeddings();
      return new ContextOption().forModel(positions);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void finish(Map<String, Perplexity> judged) throws IOException {
    Table table = new Table("domain", "perplexity", "tokens");
    judged.forEach((domain, p) -> table.row(domain, "%.4f".formatted(p.value()), p.tokens()));
    table.print(context.console());
    write(judged);
  }

  private void write(Map<String, Perplexity> judged) throws IOException {
    if (out.isEmpty()) {
      return;
    }
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    judged.forEach(
        (domain, p) ->
            root.putObject(domain).put("perplexity", p.value()).put("tokens", p.tokens()));
    ResultFile.write(out.get(), root);
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
