package io.dume.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.models.Generation;
import io.dume.models.MixtureModel;
import io.dume.models.PromptException;
import io.dume.models.Sampling;
import io.dume.models.TextGeneration;
import io.dume.models.Tokenizer;
import io.dume.router.RouterSubscription;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dume generate}: text from the mixture. */
@Command(
    name = "generate",
    description = {
      "Writes on where a prompt ends, token by token.",
      "With a router file, with the newest version of a running installation, or, to compare, with"
          + " all parameters averaged, random experts or one expert. The text comes on standard"
          + " output while it is written, and ends where the model ends it or a limit is reached."
    },
    footer = {
      "",
      "With --explain each token is in the colour of the expert that wrote it: the one that had most of"
          + " the token before, all layers together.",
      "",
      "Examples:",
      "  dume generate --model merged --router router.safetensors --prompt 'In the beginning'",
      "  dume generate --model merged --follow --prompt 'public static void' --explain",
      "  dume generate --model merged --router oracle:math --prompt-file proof.txt --stop '\\n\\n'",
      "  dume generate --model merged --follow --prompts - --sampling-temperature 0.8 --top-p 0.95",
      "  dume generate --model merged --router r.safetensors --prompts prompts.txt --json --explain"
    })
final class GenerateCommand implements Callable<Integer> {

  /** When a text is coloured. */
  enum Colour {
    /** On a terminal, unless NO_COLOR is set. */
    AUTO,
    /** Always. */
    ALWAYS,
    /** Never. */
    NEVER
  }

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--router",
      paramLabel = "FILE|average|random|oracle:NAME",
      description =
          "A router file; or all parameters averaged, a random expert for each token and layer, or one"
              + " expert for all tokens.")
  private Optional<String> router = Optional.empty();

  @Option(
      names = "--follow",
      description =
          "The newest router version of an installation, for each prompt anew; waits for the first"
              + " one. See --bootstrap-servers.")
  private boolean follow;

  @Mixin private PromptOptions prompts = new PromptOptions();
  @Mixin private SamplingOptions sampling = new SamplingOptions();
  @Mixin private RoutingOptions routing = new RoutingOptions();

  @Option(
      names = "--explain",
      description =
          "Shows which expert wrote what, and then how many tokens each one wrote and its mean share of"
              + " a token, in all layers together and in each.")
  private boolean explain;

  @Option(
      names = "--color",
      paramLabel = "auto|always|never",
      defaultValue = "auto",
      description =
          "Whether --explain colours the text; if not, the experts' names stand in brackets. auto does"
              + " on a terminal, unless NO_COLOR is set. Default: ${DEFAULT-VALUE}.")
  private Colour colour;

  @Option(
      names = "--json",
      description =
          "One JSON object a prompt, when its text is written: prompt, text, end, promptTokens, tokens;"
              + " with --follow version; with --explain experts and pieces.")
  private boolean json;

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions routerName = new RouterOptions();

  @Spec private CommandSpec spec;

  private final CliContext context;
  private boolean setAside;

  GenerateCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    if (router.isPresent() == follow) {
      throw new ParameterException(
          spec.commandLine(), "say which router: one of --router, --follow");
    }
    prompts.requireOne(spec);
    Sampling chosen = Usage.check(spec, () -> sampling.sampling(routing.seed()));
    TextGeneration.Limits limits = Usage.check(spec, sampling::limits);
    try (Tokenizer tokenizer = Tokenizer.load(model.directory());
        ServedMixture mixture = serve()) {
      if (prompts.fromStandardInput()) {
        // Whoever reads a line can't be told to stop: there the process ends at once.
        context.console().note("one prompt a line");
      } else {
        context.stop().arm();
      }
      prompts.forEach(context.in(), prompt -> answer(prompt, mixture, tokenizer, chosen, limits));
    }
    return setAside ? ExitCode.SET_ASIDE : ExitCode.OK;
  }

  private ServedMixture serve() throws IOException {
    MixtureModel mixture = MixtureModel.load(model.directory(), model.device());
    try {
      return follow
          ? new FollowedMixture(
              model.directory(),
              mixture,
              RouterSubscription.open(kafka.settings(), kafka.topics(), routerName.name()),
              routing,
              context)
          : ServedMixture.of(mixture, routing.routing(router.orElseThrow(), mixture));
    } catch (IOException | RuntimeException e) {
      mixture.close();
      throw e;
    }
  }

  /** Returns whether another prompt is wanted. */
  private boolean answer(
      String prompt,
      ServedMixture mixture,
      Tokenizer tokenizer,
      Sampling chosen,
      TextGeneration.Limits limits)
      throws IOException {
    Optional<ServedMixture.Served> served = next(mixture);
    if (served.isEmpty()) {
      return false;
    }
    MixtureModel now = served.get().mixture();
    TextGeneration texts = new TextGeneration(now.config(), tokenizer, chosen, limits);
    try (Generation generation = now.generation(served.get().routing())) {
      WrittenText shown = shown(generation.experts());
      long start = System.nanoTime();
      TextGeneration.Written written =
          texts.write(prompt, generation, shown, () -> !context.stop().requested());
      double seconds = (System.nanoTime() - start) / 1e9;
      shown.finish();
      if (json) {
        context.console().result(document(prompt, written, served.get(), shown).toString());
      }
      context.console().note(summary(written, seconds));
    } catch (PromptException e) {
      if (!prompts.several()) {
        throw e;
      }
      context.console().note("set aside: " + e.getMessage());
      setAside = true;
    }
    return !context.stop().requested();
  }

  private static Optional<ServedMixture.Served> next(ServedMixture mixture) throws IOException {
    try {
      return mixture.next();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while it waited for a router version");
    }
  }

  private WrittenText shown(List<String> experts) {
    if (explain && experts.isEmpty()) {
      context
          .console()
          .note("nothing to explain: all parameters are averaged, there are no experts");
    }
    boolean explained = explain && !experts.isEmpty();
    WrittenText.Form form = WrittenText.Form.PLAIN;
    if (json) {
      form = WrittenText.Form.SILENT;
    } else if (explained) {
      form = coloured() ? WrittenText.Form.COLOURS : WrittenText.Form.BRACKETS;
    }
    return new WrittenText(context.console(), form, explained ? experts : List.of());
  }

  private boolean coloured() {
    return switch (colour) {
      case ALWAYS -> true;
      case NEVER -> false;
      case AUTO ->
          context.console().showsResults()
              && context.environment().getOrDefault("NO_COLOR", "").isEmpty();
    };
  }

  private String summary(TextGeneration.Written written, double seconds) {
    String end =
        switch (written.end()) {
          case END_OF_TEXT -> "the model ended the text";
          case STOP -> "a --stop came";
          case ENOUGH_TOKENS -> "as many as --max-tokens";
          case POSITIONS_USED_UP -> "the model's positions are used up";
          case INTERRUPTED -> "stopped";
        };
    return "%d tokens after %d of the prompt, in %.2f s (%.0f a second): %s"
        .formatted(
            written.tokens(), written.promptTokens(), seconds, written.tokens() / seconds, end);
  }

  private static ObjectNode document(
      String prompt,
      TextGeneration.Written written,
      ServedMixture.Served served,
      WrittenText shown) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("prompt", prompt);
    node.put("text", written.text());
    node.put("end", written.end().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    node.put("promptTokens", written.promptTokens());
    node.put("tokens", written.tokens());
    served.version().ifPresent(version -> node.put("version", version));
    Authorship authorship = shown.authorship();
    if (authorship.experts().isEmpty()) {
      return node;
    }
    ObjectNode experts = node.putObject("experts");
    for (int e = 0; e < authorship.experts().size(); e++) {
      ObjectNode expert = experts.putObject(authorship.experts().get(e));
      expert.put("tokens", authorship.tokens(e)).put("share", authorship.share(e));
    }
    ArrayNode pieces = node.putArray("pieces");
    shown
        .runs()
        .forEach(
            piece -> pieces.addObject().put("expert", piece.expert()).put("text", piece.text()));
    return node;
  }
}
