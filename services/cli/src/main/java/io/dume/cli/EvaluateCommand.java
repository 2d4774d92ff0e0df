package io.dume.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.evaluator.Evaluator;
import io.dume.evaluator.Perplexity;
import io.dume.evaluator.RoutingChoice;
import io.dume.inspector.DriftAlarm;
import io.dume.inspector.Inspection;
import io.dume.models.DenseModel;
import io.dume.models.MergedManifest;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.router.Router;
import io.dume.router.RouterSubscription;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

  @Mixin private EvaluationText text = new EvaluationText();
  @Mixin private WindowOption window = new WindowOption();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Receives {\"<domain>\": {\"perplexity\": p, \"tokens\": n}}.")
  private Optional<Path> out = Optional.empty();

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions routerName = new RouterOptions();

  @Spec private CommandSpec spec;

  private final CliContext context;

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
    return text.finish(context.console());
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
    return new RoutingChoice.Gates(weights, routing.policy(weights));
  }

  private void follow() throws IOException {
    StopSignal stop = context.stop().arm();
    MixtureModel mixture = MixtureModel.load(model.directory(), model.device());
    // By window: the versions of a router are of one context_dim until a replay changes it.
    Map<Integer, Evaluator> evaluators = new HashMap<>();
    DriftAlarm alarm = new DriftAlarm();
    try (RouterSubscription versions =
        RouterSubscription.open(kafka.settings(), kafka.topics(), routerName.name())) {
      while (!stop.requested()) {
        Optional<Router> next = versions.next(POLL);
        if (next.isPresent()) {
          mixture = newest(mixture);
          judge(next.get(), mixture, evaluators);
          alarm.next(next.get().description()).forEach(this::raise);
        }
      }
    } finally {
      mixture.close();
    }
  }

  private void raise(Inspection.Drift drift) {
    context
        .console()
        .note(
            "ALARM: %s drifts: %d tokens since version %d are %.0f %% of the way to the nearest other expert's; `dume inspect` shows it, and what is fed to it is worth a look"
                .formatted(drift.expert(), drift.tokens(), drift.earlier(), 100 * drift.share()));
  }

  /** Experts may have joined the model's directory since. */
  private static MixtureModel newest(MixtureModel mixture) throws IOException {
    Optional<MixtureModel> reloaded = mixture.reload();
    reloaded.ifPresent(newer -> mixture.close());
    return reloaded.orElse(mixture);
  }

  private void judge(Router router, MixtureModel mixture, Map<Integer, Evaluator> evaluators)
      throws IOException {
    Optional<String> misfit = VersionFit.misfit(router, mixture.manifest());
    if (misfit.isPresent()) {
      context.console().note(misfit.get());
      return;
    }
    RouterWeights weights = VersionDocument.weights(router);
    Optional<RouterWeights> given = Optional.of(weights);
    int tokens = window.of(model.directory(), given);
    Evaluator evaluator = evaluators.get(tokens);
    if (evaluator == null) {
      evaluator = evaluator(given);
      evaluators.put(tokens, evaluator);
    }
    Map<String, Perplexity> judged = evaluator.mixture(mixture, gates(weights));
    StringBuilder row = new StringBuilder("version " + router.version());
    judged.forEach((domain, p) -> row.append("  %s %.3f".formatted(domain, p.value())));
    context.console().result(row.toString());
    write(judged);
  }

  private Evaluator evaluator(Optional<RouterWeights> weights) throws IOException {
    int tokens = window.of(model.directory(), weights);
    return new Evaluator(
        text.read(model.directory(), tokens, known, context.console()),
        (domain, read, all) ->
            context.console().progress("%s: %d of %d windows".formatted(domain, read, all)));
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
