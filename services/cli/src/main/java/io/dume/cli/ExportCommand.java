package io.dume.cli;

import io.dume.models.ExportLayout;
import io.dume.models.MixtureExport;
import io.dume.models.RouterWeights;
import io.dume.models.RoutingPolicy;
import io.dume.models.TensorType;
import io.dume.router.RouterHistory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dume export}: the whole mixture as a checkpoint for other software. */
@Command(
    name = "export",
    description = {
      "Writes model and router as one checkpoint that other software loads.",
      "Safetensors shards with their index, config.json, generation_config.json and the tokenizer, as"
          + " Hugging Face's transformers reads them. A directory of that name is whole.",
      "",
      "Layouts: mixtral (MixtralForCausalLM) and qwen2-moe (Qwen2MoeForCausalLM) are loaded by much"
          + " software and have no place for intercepts or a policy that remembers: solve without"
          + " intercepts (dume fit --no-intercept, or solver, or up) and give --policy paper, or"
          + " top-k=2 and the like. dume has a place for all of it, with a class of its own that is"
          + " written beside the weights: from_pretrained(DIR, trust_remote_code=True). Without"
          + " --layout it is the first of them that can express this mixture. Older versions of"
          + " Qwen2Moe's class leave rope_scaling out without a word: for a model that has it,"
          + " qwen2-moe must be asked for, and the software that loads it be new enough."
    },
    footer = {
      "",
      "Examples:",
      "  dume export --model merged --router router.safetensors --out mixture",
      "  dume export --model merged --version 12 --out mixture --dtype bfloat16",
      "  dume export --model merged --router fit/router.safetensors --policy paper --layout mixtral"
          + " --out mixtral"
    })
final class ExportCommand implements Callable<Integer> {

  private static final String OF_ROUTER = "router";
  private static final Map<String, TensorType> TYPES =
      Map.of("float32", TensorType.F32, "bfloat16", TensorType.BF16, "float16", TensorType.F16);

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "A merged model, as dume moerge writes it.")
  private Path model;

  @Option(
      names = "--router",
      paramLabel = "FILE",
      description =
          "A router file. Default: a version of an installation; see --version and"
              + " --bootstrap-servers.")
  private Optional<Path> file = Optional.empty();

  @Option(
      names = "--version",
      paramLabel = "N",
      description = "Which version of the installation's router. Default: the newest.")
  private Optional<Long> version = Optional.empty();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The directory to make; must not exist, or be empty.")
  private Path out;

  @Option(
      names = "--layout",
      paramLabel = "mixtral|qwen2-moe|dume",
      description =
          "Which class loads it. Default: mixtral or qwen2-moe if the router has no intercepts and"
              + " the policy remembers nothing, and the model has no rope_scaling; dume otherwise.")
  private Optional<String> layout = Optional.empty();

  @Option(
      names = "--dtype",
      paramLabel = "float32|bfloat16|float16",
      defaultValue = "float32",
      description = "Of all weights, rounded to nearest. Default: ${DEFAULT-VALUE}.")
  private String dtype;

  @Option(
      names = "--max-shard-size",
      paramLabel = "SIZE",
      defaultValue = "5GB",
      description =
          "The most bytes of weights in a file; a larger tensor has one of its own. Default:"
              + " ${DEFAULT-VALUE}.")
  private ByteSize maxShardSize;

  @Option(
      names = "--policy",
      paramLabel = "POLICY",
      defaultValue = OF_ROUTER,
      description =
          "How scores choose: `router`, as the router's version says; `paper`; or numbers such as"
              + " smoothing=0.95,top-k=2,temperature=0.5, as dume evaluate takes them. Default:"
              + " ${DEFAULT-VALUE}, which is the paper's where nobody has chosen one.")
  private String policy;

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();

  @Spec private CommandSpec spec;

  private final CliContext context;

  ExportCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    if (file.isPresent() && version.isPresent()) {
      throw new ParameterException(
          spec.commandLine(), "say which router: one of --router and --version");
    }
    Optional<ExportLayout> wanted = Usage.check(spec, () -> layout.map(ExportLayout::parse));
    TensorType type = Usage.check(spec, this::type);
    RouterWeights weights = file.isPresent() ? RouterWeights.read(file.get()) : published();
    RoutingPolicy chosen =
        policy.equals(OF_ROUTER)
            ? weights.policy().orElse(RoutingPolicy.PAPER)
            : Usage.check(spec, () -> RoutingPolicy.parse(policy));
    MixtureExport.Result result =
        MixtureExport.write(
            model,
            weights,
            new MixtureExport.Options(wanted, type, maxShardSize.bytes(), chosen),
            out);
    context
        .console()
        .note(
            "%d experts, layout %s, %s, %d bytes of weights in %d file%s written to %s; policy %s"
                .formatted(
                    weights.experts(),
                    result.layout(),
                    dtype,
                    result.bytes(),
                    result.shards(),
                    result.shards() == 1 ? "" : "s",
                    out,
                    chosen));
    return ExitCode.OK;
  }

  private TensorType type() {
    return Optional.ofNullable(TYPES.get(dtype.strip().toLowerCase(Locale.ROOT)))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--dtype %s: use float32, bfloat16 or float16".formatted(dtype)));
  }

  private RouterWeights published() throws IOException {
    try (RouterHistory history =
        RouterHistory.open(kafka.settings(), kafka.topics(), router.name())) {
      return VersionDocument.weights(RouterCommand.chosen(history, router.name(), version));
    }
  }
}
