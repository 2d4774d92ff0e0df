package io.dume.cli;

import io.dume.administration.RoutingPolicies;
import io.dume.evaluator.Evaluator;
import io.dume.evaluator.PolicySearch;
import io.dume.models.FeatureSource;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import io.dume.router.Router;
import io.dume.router.RouterHistory;
import io.dume.schemas.message.PolicyChosen;
import io.dume.schemas.message.RouterVersion;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dume policy}: how a router's gates should be used. */
@Command(
    name = "policy",
    description = {
      "Shows, chooses or sets how a router's gates are used.",
      "A policy says how much a layer remembers of what it scored for the tokens before, and what it"
          + " takes over from other layers. Versions from then on carry it, so that subscribers and"
          + " exported routers route alike."
    },
    footer = {
      "",
      "Examples:",
      "  dume policy choose --model merged --jsonl validation.jsonl && dume solve",
      "  dume policy set smoothing=0.95",
      "  dume policy set paper",
      "  dume policy show"
    })
final class PolicyCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(), "say what to do: dume policy show, choose or set");
  }

  static List<Object> subcommands(CliContext context) {
    return List.of(new Show(context), new Choose(context), new Set(context));
  }

  /** {@code dume policy show}. */
  @Command(name = "show", description = "Shows the policy of the versions to come.")
  static final class Show implements Callable<Integer> {

    @Mixin private KafkaOptions kafka = new KafkaOptions();
    @Mixin private RouterOptions router = new RouterOptions();

    private final CliContext context;

    Show(CliContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException {
      Optional<PolicyChosen> chosen =
          new RoutingPolicies(kafka.settings(), kafka.topics(), router.name()).current();
      RoutingPolicy policy =
          chosen.map(PolicyChosen::getPolicy).map(Policies::of).orElse(RoutingPolicy.PAPER);
      context.console().result(policy.toString());
      context
          .console()
          .note(chosen.map(PolicyChosen::getReason).orElse("nobody has chosen: as in the paper"));
      newest().flatMap(version -> otherwise(version, policy)).ifPresent(context.console()::note);
      return ExitCode.OK;
    }

    private Optional<RouterVersion> newest() throws IOException {
      try (RouterHistory history =
          RouterHistory.open(kafka.settings(), kafka.topics(), router.name())) {
        return history.newest().map(Router::description);
      }
    }

    /** Trained gates keep what they were trained with; others are older than the choice. */
    private static Optional<String> otherwise(RouterVersion newest, RoutingPolicy policy) {
      RoutingPolicy served = newest.getPolicy().map(Policies::of).orElse(RoutingPolicy.PAPER);
      if (served.equals(policy)) {
        return Optional.empty();
      }
      return Optional.of(
          "version %d, the newest, is routed %s, %s"
              .formatted(
                  newest.getVersion(),
                  served,
                  newest.getTraining().isPresent()
                      ? "as it was trained"
                      : "as was chosen before: `dume solve` asks for one that carries this"));
    }
  }

  /** {@code dume policy set}. */
  @Command(
      name = "set",
      description = "Sets the policy of the versions to come.",
      footer = {"", "Example:", "  dume policy set smoothing=0.95 && dume solve"})
  static final class Set implements Callable<Integer> {

    @Mixin private KafkaOptions kafka = new KafkaOptions();
    @Mixin private RouterOptions router = new RouterOptions();

    @Parameters(
        paramLabel = "POLICY",
        description =
            "Numbers such as smoothing=0.95,below=0,above=0,top-k=1,temperature=1, of which those that"
                + " are not named are the paper's; or `paper`.")
    private String policy;

    private final CliContext context;

    Set(CliContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
      RoutingPolicy chosen = RoutingPolicy.parse(policy);
      new RoutingPolicies(kafka.settings(), kafka.topics(), router.name())
          .choose(Policies.message(chosen), "set by hand");
      context.console().result(chosen.toString());
      context.console().note("`dume solve` asks for a version that carries it now");
      return ExitCode.OK;
    }
  }

  /** {@code dume policy choose}. */
  @Command(
      name = "choose",
      description = {
        "Chooses the policy by held-out text, with a version's gates.",
        "Reads the text some ten times: take a few thousand tokens of each domain, and none that the"
            + " router is judged by afterwards. What does not pay stays as in the paper."
            + " `dume evaluate --follow --choose-policy` does it for each version that comes."
      },
      footer = {
        "",
        "Example:",
        "  dume policy choose --model merged --jsonl validation.jsonl --tokens-per-domain 5000"
      })
  static final class Choose implements Callable<Integer> {

    @Mixin private VersionOption number = new VersionOption();
    @Mixin private ModelOptions model = new ModelOptions();
    @Mixin private EvaluationText text = new EvaluationText();
    @Mixin private WindowOption window = new WindowOption();

    @Option(
        names = "--top-k",
        paramLabel = "K",
        defaultValue = "1",
        description =
            "Experts that a token goes through: not chosen, since it sets what a token costs. Default:"
                + " ${DEFAULT-VALUE}.")
    private int topK;

    @Option(
        names = "--temperature",
        paramLabel = "T",
        defaultValue = "1.0",
        description = "Of the shares of these K. Default: ${DEFAULT-VALUE}.")
    private double temperature;

    @Option(names = "--dry-run", description = "Tells what it would choose, and changes nothing.")
    private boolean dryRun;

    @Mixin private KafkaOptions kafka = new KafkaOptions();
    @Mixin private RouterOptions router = new RouterOptions();

    private final CliContext context;

    Choose(CliContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
      Router version = chosenGates();
      RouterWeights weights = VersionDocument.weights(version);
      weights.requireSource(FeatureSource.MLP_INPUT);
      int tokens = window.of(model.directory(), Optional.of(weights));
      Evaluator evaluator =
          new Evaluator(
              text.read(model.directory(), tokens, Optional.empty(), context.console()),
              Evaluator.Progress.NONE);
      Table table = new Table("policy", "nats a token");
      PolicySearch.Judged best;
      try (MixtureModel mixture = MixtureModel.load(model.directory(), model.device())) {
        requireFit(version, mixture);
        best =
            new PolicySearch(
                    evaluator,
                    judged -> {
                      table.row(judged.policy(), "%.4f".formatted(judged.loss()));
                      context.console().progress(judged.policy().toString());
                    })
                .search(mixture, weights, topK, temperature);
      }
      table.print(context.console());
      context.console().result("chosen: " + best.policy());
      if (!dryRun) {
        new RoutingPolicies(kafka.settings(), kafka.topics(), router.name())
            .choose(
                Policies.message(best.policy()),
                "chosen by held-out text, with the gates of version %d: %.4f nats a token"
                    .formatted(version.version(), best.loss()));
        context.console().note("`dume solve` asks for a version that carries it now");
      }
      return text.finish(context.console());
    }

    private static void requireFit(Router version, MixtureModel mixture) {
      VersionFit.misfit(version, mixture)
          .ifPresent(
              misfit -> {
                throw new IllegalArgumentException(misfit);
              });
    }

    private Router chosenGates() throws IOException {
      try (RouterHistory history =
          RouterHistory.open(kafka.settings(), kafka.topics(), router.name())) {
        return number.in(history, router.name());
      }
    }
  }
}
