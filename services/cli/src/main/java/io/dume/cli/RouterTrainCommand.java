package io.dume.cli;

import io.dume.evaluator.EvaluationSet;
import io.dume.lab.GateTraining;
import io.dume.lab.TrainingText;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dume router train}: the gates of a router file, trained further. */
@Command(
    name = "train",
    description = {
      "Trains the gates of a router file further on labelled text, and nothing else of the model.",
      "The mixture's loss is followed down by AdamW, in the gates alone, as the paper does for DUME+."
          + " With --validation the gates are judged on the way and the best are kept, be they the first"
          + " ones."
    },
    footer = {
      "",
      "The file that is written says all that the first one says, with the k and the temperature of the"
          + " training in its routing policy and how it was trained under the key training.",
      "",
      "Examples:",
      "  dume router export --out router.safetensors",
      "  dume router train --model merged --router router.safetensors --jsonl train.jsonl \\",
      "    --validation validation.jsonl --out plus.safetensors",
      "  dume evaluate --model merged --router plus.safetensors --jsonl test.jsonl"
    })
final class RouterTrainCommand implements Callable<Integer> {

  /** What is judged on the way: enough to tell gates apart, and little beside the training. */
  private static final long VALIDATION_TOKENS = 6_000;

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--router",
      paramLabel = "FILE",
      required = true,
      description = "The router file to begin with, as `dume router export` writes it.")
  private Path router;

  @Option(
      names = "--jsonl",
      paramLabel = "FILE",
      required = true,
      arity = "1..*",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "Documents to learn from, as `dume feed --jsonl` takes them.")
  private List<Path> train = new ArrayList<>();

  @Option(
      names = "--validation",
      paramLabel = "FILE",
      arity = "1..*",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description =
          "Documents to tell the best gates by, of which the first 6000 tokens of each domain are read."
              + " Default: the last gates are taken.")
  private List<Path> validation = new ArrayList<>();

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description =
          "Experts a token, in training and in the new file's routing policy. With 1 a substitute for"
              + " the gradient is followed, since a single expert's share is always 1. Default: 2, or"
              + " what the router's policy has if that is more.")
  private Optional<Integer> topK = Optional.empty();

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description =
          "What divides the scores before the softmax over these experts, likewise. Default: the"
              + " router's policy's if it has K experts a token, or 0.3.")
  private Optional<Double> temperature = Optional.empty();

  @Mixin private GateTrainingOptions training = new GateTrainingOptions();

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the order of the text. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private WindowOption window = new WindowOption();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "The router file to write; what is there is replaced.")
  private Path out;

  @Spec private CommandSpec spec;

  private final CliContext context;

  RouterTrainCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    ResultFile.requireWritable("--out", out);
    RouterWeights start = RouterWeights.read(router);
    requireRecordable(start);
    OtherText.require("--jsonl", train, "what has learnt from", "--validation", validation);
    int tokens = window.of(model.directory(), Optional.of(start));
    GateTraining.Options options = options(start, tokens);
    StopSignal stop = context.stop().arm();
    LabText text = new LabText(train, validation, List.of(), new ArrayList<>());
    TrainingText learnt;
    Optional<EvaluationSet> heldOut = Optional.empty();
    try (Tokenizer tokenizer = Tokenizer.load(model.directory())) {
      learnt = text.training(tokenizer, Long.MAX_VALUE);
      if (learnt.domains().isEmpty()) {
        throw new IllegalArgumentException(
            "--jsonl %s: no document has anything to learn from".formatted(train));
      }
      if (!validation.isEmpty()) {
        heldOut = Optional.of(text.heldOut(validation, tokenizer, tokens, VALIDATION_TOKENS));
      }
    }
    GateTraining.Trained trained;
    try (MixtureModel mixture = MixtureModel.load(model.directory(), model.device())) {
      trained =
          new GateTraining(mixture, learnt, heldOut, options, listener(options, stop))
              .train(start, seed);
    }
    trained.router().write(out);
    context
        .console()
        .note(
            "gates after %d steps written to %s, to be used with %s"
                .formatted(trained.steps(), out, trained.router().policy().orElseThrow()));
    if (trained.steps() == 0) {
      context
          .console()
          .note("training did not pay on the validation text: these are the first gates");
    }
    text.setAside().forEach(document -> context.console().note("set aside: " + document));
    return text.setAside().isEmpty() ? ExitCode.OK : ExitCode.SET_ASIDE;
  }

  /** Gates that were trained and belong to no version yet have a start that would be forgotten. */
  private void requireRecordable(RouterWeights start) {
    if (start.metadata().containsKey(GateTraining.TRAINING)
        && start.metadata().getOrDefault(GateTraining.DIGEST, "").isBlank()) {
      throw new IllegalArgumentException(
          "--router %s: its gates were trained already, and what they began with would be forgotten: publish them (dume router publish) and train that version as dume router export writes it, or train what they began with for more steps"
              .formatted(router));
    }
  }

  private GateTraining.Options options(RouterWeights start, int tokens) {
    GateTraining.Options usual = GateTraining.Options.DEFAULT;
    RoutingPolicy policy = start.policy().orElse(RoutingPolicy.PAPER);
    int k = topK.orElse(Math.min(start.experts(), Math.max(usual.k(), policy.k())));
    if (k > start.experts()) {
      throw new IllegalArgumentException(
          "--top-k %d: the router %s has %d experts".formatted(k, router, start.experts()));
    }
    double divisor =
        temperature.orElse(policy.k() == k && k > 1 ? policy.temperature() : usual.temperature());
    return Usage.check(spec, () -> training.options(k, divisor, usual.steps(), tokens - 1));
  }

  private GateTraining.Listener listener(GateTraining.Options options, StopSignal stop) {
    return new GateTraining.Listener() {
      @Override
      public void step(int step, double loss) {
        endIfAsked(step);
        context
            .console()
            .progress("step %d of %d, loss %.3f".formatted(step, options.steps(), loss));
      }

      @Override
      public void judging(int step) {
        endIfAsked(step);
      }

      private void endIfAsked(int step) {
        if (stop.requested()) {
          throw new StoppedException(
              "stopped after %d of %d steps; nothing was written".formatted(step, options.steps()));
        }
      }

      @Override
      public void judged(int step, double loss) {
        context.console().note("held-out loss after %d steps: %.4f".formatted(step, loss));
      }
    };
  }
}
