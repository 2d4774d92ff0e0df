package io.dume.cli;

import io.dume.bench.TemporaryDirectory;
import io.dume.demo.DemoAssets;
import io.dume.lab.Ablation;
import io.dume.lab.GateTraining;
import io.dume.lab.Lab;
import io.dume.lab.LabProgress;
import io.dume.lab.LabReport;
import io.dume.lab.LabRequest;
import io.dume.lab.Method;
import io.dume.models.Device;
import io.dume.models.MoErge;
import io.dume.models.ModelConfig;
import io.dume.models.RouterWeights;
import io.dume.models.Tokenizer;
import io.dume.pictures.Drawing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dume lab}: the paper's comparisons and ablations, without Kafka. */
@Command(
    name = "lab",
    description = {
      "Compares ways to route on held-out text, as the paper does.",
      "Each dense expert, all parameters averaged, random routing, gates trained from random ones (btx), solved from statistics (dume), solved and then trained (dume+), each with memory too (dume-memory, dume+-memory), and the oracle. With more than one expert a token gates are trained, so beside dume stands dume-k (and dume-k-memory): the solved gates with as many experts as the trained ones. On the demo's experts and text, or on any merged model with labelled text."
    },
    footer = {
      "",
      "Statistics come from --train, routing policies are chosen on --validation, and figures are of"
          + " --test. A domain is judged beside the dense expert of its name: in brackets stands its"
          + " perplexity divided by the method's; 1 means that nothing was lost.",
      "",
      "--out holds {\"methods\": {\"dume\": {\"mean\": m, \"domains\": {\"<domain>\": {\"perplexity\": p,"
          + " \"normalised\": n}}}, …}}.",
      "",
      "Examples:",
      "  dume lab --quick --methods dume,dume-memory,oracle",
      "  dume lab --out lab.json",
      "  dume lab --methods none --ablations tokens,lambda,smoothing --pictures pictures",
      "  dume lab --quick --methods dume,dume-memory,oracle --questions 100 --completions 100",
      "  dume lab --methods dume,dume-k,dume+ --routers routers",
      "  dume lab --model merged --expert math=models/math --expert code=models/code \\",
      "    --train train.jsonl --validation validation.jsonl --test test.jsonl --out lab.json"
    })
final class LabCommand implements Callable<Integer> {

  private static final long QUICK_TOKENS = 3_000;
  private static final long VALIDATION_TOKENS = 6_000;

  @Mixin private LabModelOptions own = new LabModelOptions();

  @Mixin private LabTaskOptions tasks = new LabTaskOptions();

  @Option(
      names = "--methods",
      paramLabel = "NAME[,NAME…]",
      split = ",",
      description =
          "Which: dense, average, random, btx, dume, dume-memory, dume-k, dume-k-memory, dume+,"
              + " dume+-memory, oracle; or none. Default: all.")
  private List<String> methods = List.of();

  @Option(
      names = "--ablations",
      paramLabel = "NAME[,NAME…]",
      split = ",",
      description =
          "What to vary, each by itself, on a sample of test text: tokens, k, temperature, lambda,"
              + " experts, context-dim, precision, normalisation, smoothing, scores, imbalance; or all. Default:"
              + " none.")
  private List<String> ablations = List.of();

  @Option(
      names = "--pictures",
      paramLabel = "DIR",
      description = "Receives a picture of each ablation, as SVG and as PNG.")
  private Optional<Path> pictures = Optional.empty();

  @Option(
      names = "--quick",
      description =
          "Samples of text and short trainings: figures within a few hundredths, in a minute or two. Gates"
              + " are solved from 10000 tokens of a domain at most; btx and dume+ draw windows from all"
              + " training text even so.")
  private boolean quick;

  @Option(
      names = "--tokens-per-domain",
      paramLabel = "N",
      defaultValue = "50000",
      description =
          "Of training text that gates are solved from; btx and dume+ draw windows from all of it."
              + " Default: ${DEFAULT-VALUE}.")
  private long tokensPerDomain;

  @Option(
      names = "--test-tokens-per-domain",
      paramLabel = "N",
      description = "Of test text. Default: all of it, or 3000 with --quick.")
  private Optional<Long> testTokens = Optional.empty();

  @Option(
      names = "--context-dim",
      paramLabel = "N",
      defaultValue = "256",
      description =
          "Tokens of a sequence that count, and of a window that is judged. Default: ${DEFAULT-VALUE}.")
  private int contextDim;

  @Option(
      names = "--lambda",
      paramLabel = "λ",
      defaultValue = "0.01",
      description = "The ridge penalty. Default: ${DEFAULT-VALUE}.")
  private double lambda;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "How often what is random is done. Default: 3, or 1 with --quick.")
  private Optional<Integer> seeds = Optional.empty();

  @Mixin private GateTrainingOptions training = new GateTrainingOptions();

  @Option(
      names = "--train-top-k",
      paramLabel = "K",
      defaultValue = "2",
      description =
          "Experts a token of btx and dume+, while they are trained and judged, and of dume-k."
              + " Default: ${DEFAULT-VALUE}.")
  private int trainTopK;

  @Option(
      names = "--train-temperature",
      paramLabel = "T",
      defaultValue = "0.3",
      description =
          "What divides their scores before the softmax over these experts. Default: ${DEFAULT-VALUE}.")
  private double trainTemperature;

  @Option(
      names = "--routers",
      paramLabel = "DIR",
      description =
          "Receives the gates of each method that has some as a router file, NAME.safetensors, those"
              + " of the first seed.")
  private Optional<Path> routers = Optional.empty();

  @Option(names = "--out", paramLabel = "FILE", description = "Receives the figures as JSON.")
  private Optional<Path> out = Optional.empty();

  @Spec private CommandSpec spec;

  private final CliContext context;

  LabCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    Set<Method> chosen = chosen();
    Set<Ablation> varied = varied();
    out.ifPresent(file -> ResultFile.requireWritable("--out", file));
    own.requireWhole(spec);
    requireUse(chosen, varied);
    own.requireOtherText();
    StopSignal stop = context.stop().arm();
    if (!DumeCommandLine.verbosity(spec.commandLine().getParseResult()).verbose()) {
      Verbosity.onlyWarnings();
    }
    if (own.given()) {
      return run(chosen, varied, own.model(), own.experts(), own.text(), own.device(), stop);
    }
    try (TemporaryDirectory scratch = TemporaryDirectory.make("dume-lab-")) {
      DemoAssets.unpack(scratch.path());
      Map<String, Path> experts = new LinkedHashMap<>();
      DemoAssets.DOMAINS.forEach(
          domain -> experts.put(domain, DemoAssets.expert(scratch.path(), domain)));
      Path model = scratch.path().resolve("model");
      MoErge.merge(
          experts.entrySet().stream()
              .map(expert -> new MoErge.Expert(expert.getKey(), expert.getValue()))
              .toList(),
          model,
          MoErge.Options.DEFAULT);
      return run(
          chosen, varied, model, experts, LabText.ofDemo(scratch.path()), own.device(), stop);
    }
  }

  private Set<Method> chosen() {
    if (methods.equals(List.of("none"))) {
      return Set.of();
    }
    if (methods.isEmpty()) {
      return new LinkedHashSet<>(Arrays.asList(Method.values()));
    }
    try {
      return methods.stream().map(Method::of).collect(Collectors.toSet());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--methods: " + e.getMessage(), e);
    }
  }

  private Set<Ablation> varied() {
    if (ablations.equals(List.of("all"))) {
      return Set.of(Ablation.values());
    }
    try {
      return ablations.stream().map(Ablation::of).collect(Collectors.toSet());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--ablations: " + e.getMessage(), e);
    }
  }

  /** Refuses what would be left out without a word. */
  private void requireUse(Set<Method> chosen, Set<Ablation> varied) {
    if (tasks.wanted() && Set.of(Method.DENSE).containsAll(chosen)) {
      throw usage(
          "--tasks, --questions and --completions are answered by methods that route: give one, such as --methods dume,oracle");
    }
    if (pictures.isPresent() && varied.isEmpty()) {
      throw usage("--pictures draws ablations: give some, such as --ablations tokens,smoothing");
    }
    if (routers.isPresent() && chosen.stream().noneMatch(Method::hasGates)) {
      throw usage("--routers writes gates: give a method that has some, such as --methods dume");
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private int run(
      Set<Method> chosen,
      Set<Ablation> varied,
      Path model,
      Map<String, Path> experts,
      LabText text,
      Device device,
      StopSignal stop)
      throws IOException {
    LabRequest request;
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      request =
          new LabRequest(
              model,
              experts,
              device,
              text.training(tokenizer, Long.MAX_VALUE),
              text.heldOut(
                  text.validation(),
                  tokenizer,
                  contextDim,
                  quick ? QUICK_TOKENS : VALIDATION_TOKENS),
              text.heldOut(
                  text.test(),
                  tokenizer,
                  contextDim,
                  testTokens.orElse(quick ? QUICK_TOKENS : Long.MAX_VALUE)),
              text.heldOut(text.test(), tokenizer, contextDim, QUICK_TOKENS),
              tasks.read(tokenizer, contextDim, text),
              contextDim,
              quick ? Math.min(tokensPerDomain, 10_000) : tokensPerDomain,
              lambda,
              seeds.orElse(quick ? 1 : 3),
              training(model),
              chosen,
              varied);
    }
    LabReport report = Lab.run(request, progress(stop));
    if (!chosen.isEmpty()) {
      print(report.table());
    }
    if (report.routingTable().size() > 1) {
      context.console().result("");
      print(report.routingTable());
    }
    if (report.reasoningTable().size() > 1) {
      context.console().result("");
      print(report.reasoningTable());
    }
    if (report.generationTable().size() > 1) {
      context.console().result("");
      print(report.generationTable());
    }
    if (report.ablationTable().size() > 1) {
      context.console().result("");
      print(report.ablationTable());
      report.notes().forEach(context.console()::note);
    }
    if (out.isPresent()) {
      ResultFile.write(out.get(), report.json());
    }
    if (pictures.isPresent()) {
      draw(report, pictures.get());
    }
    if (routers.isPresent()) {
      Files.createDirectories(routers.get());
      for (Map.Entry<String, RouterWeights> router : report.routers().entrySet()) {
        router.getValue().write(routers.get().resolve(router.getKey() + ".safetensors"));
      }
    }
    text.setAside().forEach(document -> context.console().note("set aside: " + document));
    return text.setAside().isEmpty() ? ExitCode.OK : ExitCode.SET_ASIDE;
  }

  private static void draw(LabReport report, Path directory) throws IOException {
    Files.createDirectories(directory);
    for (Map.Entry<String, Drawing> picture : report.pictures().entrySet()) {
      ResultFile.write(directory.resolve(picture.getKey() + ".svg"), picture.getValue().svg());
      Files.write(directory.resolve(picture.getKey() + ".png"), picture.getValue().png());
    }
  }

  private GateTraining.Options training(Path model) throws IOException {
    int positions = ModelConfig.read(model.resolve("config.json")).maxPositionEmbeddings();
    return Usage.check(
        spec,
        () ->
            training.options(
                trainTopK,
                trainTemperature,
                quick ? 50 : GateTraining.Options.DEFAULT.steps(),
                predicted(contextDim, positions)));
  }

  /** Tokens of a training's window that are predicted, at most: the one before them is read too. */
  static int predicted(int contextDim, int positions) {
    return Math.min(contextDim, positions - 1);
  }

  private LabProgress progress(StopSignal stop) {
    return new LabProgress() {
      @Override
      public void passing(String line) {
        if (stop.requested()) {
          throw new StoppedException("stopped before all was compared; nothing was written");
        }
        context.console().progress(line);
      }

      @Override
      public void done(String line) {
        context.console().note(line);
      }
    };
  }

  private void print(List<List<String>> rows) {
    Table table = new Table(rows.get(0).toArray(String[]::new));
    new ArrayList<>(rows.subList(1, rows.size())).forEach(row -> table.row(row.toArray()));
    table.print(context.console());
  }
}
