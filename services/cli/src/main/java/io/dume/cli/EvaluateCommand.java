package io.dume.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.evaluator.Evaluator;
import io.dume.evaluator.Perplexity;
import io.dume.evaluator.PolicyChooser;
import io.dume.evaluator.RoutingChoice;
import io.dume.models.DenseModel;
import io.dume.models.FeatureSource;
import io.dume.models.MergedManifest;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.router.RouterSubscription;
import java.io.IOException;
import java.nio.file.Path;
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
      "  dume evaluate --model merged --follow --jsonl test.jsonl",
      "  dume evaluate --model merged --follow --jsonl test.jsonl --choose-policy validation.jsonl"
    })
final class EvaluateCommand implements Callable<Integer> {

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

  @Mixin private PolicyChoiceOptions policyChoice = new PolicyChoiceOptions();
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
  public Integer call() throws IOException, InterruptedException {
    int ways = (router.isPresent() ? 1 : 0) + (dense.isPresent() ? 1 : 0) + (follow ? 1 : 0);
    if (ways != 1) {
      throw usage("say what to judge: one of --router, --dense NAME, --follow");
    }
    policyChoice.check(follow);
    out.ifPresent(file -> ResultFile.requireWritable("--out", file));
    if (dense.isPresent()) {
      finish(dense());
    } else if (follow) {
      follow();
    } else {
      finish(mixture());
    }
    int ofChoice = policyChoice.text().finish(context.console());
    return Math.max(ofChoice, text.finish(context.console()));
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
        weights.get().requireSource(FeatureSource.MLP_INPUT);
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

  private void follow() throws IOException, InterruptedException {
    // Whatever is wrong here would else be found with the first version, hours later perhaps.
    requirePossible();
    Optional<FollowedPolicy> choosing = Optional.empty();
    if (policyChoice.wanted()) {
      policyChoice.requireOtherTextThan(text);
      choosing = Optional.of(choosing());
      policyChoice.text().check(model.directory(), windowBefore(), context.console());
    }
    context.stop().arm();
    // By window: the versions of a router are of one context_dim until a replay changes it.
    Map<Integer, Evaluator> evaluators = new HashMap<>();
    try (FollowedModel followed =
            new FollowedModel(
                model.directory(),
                MixtureModel.load(model.directory(), model.device()),
                context.console());
        RouterSubscription versions =
            RouterSubscription.open(kafka.settings(), kafka.topics(), routerName.name())) {
      new FollowedEvaluation(
              versions::next,
              followed,
              weights -> of(evaluators, text, weights),
              routing,
              this::write,
              choosing,
              context)
          .run();
    } catch (StoppedException e) {
      context.console().note(e.getMessage());
    }
  }

  private void requirePossible() throws IOException {
    try {
      routing.check();
      window.check(model.directory());
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
    text.check(model.directory(), windowBefore(), context.console());
  }

  /** The window as far as it is known before there is a version. */
  private int windowBefore() throws IOException {
    return window.of(model.directory(), Optional.empty());
  }

  private FollowedPolicy choosing() throws IOException {
    PolicyChooser chooser = Usage.check(spec, () -> new PolicyChooser(policyChoice.margin()));
    Map<Integer, Evaluator> evaluators = new HashMap<>();
    return new FollowedPolicy(
        kafka.settings(),
        kafka.topics(),
        routerName.name(),
        chooser,
        weights -> of(evaluators, policyChoice.text(), weights),
        context);
  }

  /** The evaluator of a text for some gates: text is read once for each length of windows. */
  private Evaluator of(
      Map<Integer, Evaluator> evaluators, EvaluationText read, RouterWeights weights)
      throws IOException {
    Optional<RouterWeights> given = Optional.of(weights);
    int tokens = window.of(model.directory(), given);
    Evaluator evaluator = evaluators.get(tokens);
    if (evaluator == null) {
      evaluator = evaluator(read, given);
      evaluators.put(tokens, evaluator);
    }
    return evaluator;
  }

  private Evaluator evaluator(Optional<RouterWeights> weights) throws IOException {
    return evaluator(text, weights);
  }

  private Evaluator evaluator(EvaluationText read, Optional<RouterWeights> weights)
      throws IOException {
    int tokens = window.of(model.directory(), weights);
    return new Evaluator(
        read.read(model.directory(), tokens, known, context.console()),
        (domain, windows, all) -> {
          if (follow && context.stop().requested()) {
            throw new StoppedException("stopped before all text was read");
          }
          context.console().progress("%s: %d of %d windows".formatted(domain, windows, all));
        });
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
