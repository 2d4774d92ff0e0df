package io.dume.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.feed.SetAsideDocument;
import io.dume.feed.TextFile;
import io.dume.models.TextVote;
import io.dume.models.TokenScores;
import io.dume.models.Tokenizer;
import io.dume.router.RouterSubscription;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dume route}: which expert a text belongs to. */
@Command(
    name = "route",
    description = {
      "Says which expert a text belongs to, from a router alone.",
      "What its tokens score in the router's gates decides. With a router of token embeddings (`dume fit --features embedding`) a token's scores are looked"
          + " up, and no expert is loaded; with any other router the text runs through the mixture,"
          + " and each token votes in each layer."
    },
    footer = {
      "",
      "A line for each text: its expert and that one's mean score, or share of the votes, the same of"
          + " the second, and the text. Lines that can't be used are listed at the end, and make the exit status 3.",
      "",
      "Examples:",
      "  dume route --model merged --router route.safetensors 'for (int i = 0; i < n; i++)'",
      "  dume route --model merged --follow --jsonl test.jsonl --confident 0.25 --report route.json",
      "  dume route --model merged --router route.safetensors - < lines.txt",
      "  dume route --model merged --follow --jsonl - --json < documents.jsonl"
    })
final class RouteCommand implements Callable<Integer> {

  /** Characters of a text that are shown. */
  private static final int SHOWN = 50;

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--router",
      paramLabel = "FILE",
      description = "A router file, of token embeddings or of the mixture's layers.")
  private Optional<Path> router = Optional.empty();

  @Option(
      names = "--follow",
      description =
          "The newest router version of an installation, whenever there is a newer one; waits for the"
              + " first. See --bootstrap-servers.")
  private boolean follow;

  @Mixin private RouteText text = new RouteText();

  @Option(
      names = "--pieces",
      paramLabel = "N",
      description =
          "Routes each N tokens of a text by themselves; the last N of a text that is no multiple"
              + " overlap those before. Default: texts are whole.")
  private Optional<Integer> pieces = Optional.empty();

  @Option(
      names = "--votes",
      paramLabel = "scores|choices",
      defaultValue = "scores",
      description =
          "What is counted: the tokens' scores, whose mean decides, or their choices, one vote each, whose"
              + " shares do. Default: ${DEFAULT-VALUE}.")
  private TextVote.By by;

  @Option(
      names = "--confident",
      paramLabel = "SHARE",
      defaultValue = "1",
      description =
          "Only this share of a text's tokens votes: those whose best score is the furthest above the"
              + " second. Default: ${DEFAULT-VALUE}, which is all.")
  private double confident;

  @Option(
      names = "--json",
      description =
          "One JSON object a text, with the scores or shares of all experts, the largest first; and at the end, where texts had a"
              + " domain, one with accuracy and confusion.")
  private boolean json;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Receives accuracy and confusion as JSON.")
  private Optional<Path> report = Optional.empty();

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions routerName = new RouterOptions();

  @Spec private CommandSpec spec;

  private final CliContext context;
  private RouteReport counted = new RouteReport("texts");
  private final List<SetAsideDocument> setAside = new ArrayList<>();
  private long texts;
  private long routed;
  private long tokens;
  private long nanos;

  RouteCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    if (router.isPresent() == follow) {
      throw usage("say which router: one of --router FILE, --follow");
    }
    text.requireOne(spec);
    if (pieces.filter(n -> n < 1).isPresent()) {
      throw usage("--pieces %d: at least 1 token".formatted(pieces.get()));
    }
    if (pieces.isPresent()) {
      counted = new RouteReport("pieces");
    }
    TextVote vote = Usage.check(spec, () -> new TextVote(by, confident));
    report.ifPresent(file -> ResultFile.requireWritable("--report", file));
    try (Tokenizer tokenizer = Tokenizer.load(model.directory());
        TextRouter versions = open(tokenizer.beginToken())) {
      if (!text.fromStandardInput()) {
        // Whoever reads a line can't be told to stop: there the process ends at once.
        context.stop().arm();
      }
      text.forEach(context.in(), new Texts(versions, tokenizer, vote));
    }
    return finish();
  }

  private TextRouter open(OptionalInt begin) throws IOException {
    if (router.isPresent()) {
      return TextRouter.of(router.get(), model.directory(), model::device, begin);
    }
    RouterSubscription versions =
        RouterSubscription.open(kafka.settings(), kafka.topics(), routerName.name());
    return new TextRouter.Followed(versions, model.directory(), model::device, begin, context);
  }

  /** Routes texts as they are read. */
  private final class Texts implements TextFile.Sink {
    private final TextRouter versions;
    private final Tokenizer tokenizer;
    private final TextVote vote;

    Texts(TextRouter versions, Tokenizer tokenizer, TextVote vote) {
      this.versions = versions;
      this.tokenizer = tokenizer;
      this.vote = vote;
    }

    @Override
    public boolean text(TextFile.Text read) throws IOException {
      int[] ids = read.text().isEmpty() ? new int[0] : tokenizer.encode(read.text());
      if (ids.length == 0) {
        setAside(new SetAsideDocument(read.where(), "empty-text", "the text has no tokens"));
        return true;
      }
      Optional<TextRouter.Served> served = RouteCommand.next(versions);
      if (served.isEmpty()) {
        return false;
      }
      texts++;
      int length = pieces.map(n -> Math.min(n, ids.length)).orElse(ids.length);
      for (int from = 0; from < ids.length; from += length) {
        int start = Math.min(from, ids.length - length);
        int[] piece = Arrays.copyOfRange(ids, start, start + length);
        long before = System.nanoTime();
        TokenScores scores = served.get().gates().scores(piece);
        TextVote.Result result = vote.of(scores);
        nanos += System.nanoTime() - before;
        tokens += piece.length;
        String shown = length == ids.length ? read.text() : tokenizer.decode(piece);
        tell(read, start, shown, result, piece.length, served.get());
      }
      return !context.stop().requested();
    }

    @Override
    public void setAside(SetAsideDocument document) {
      setAside.add(document);
    }
  }

  private static Optional<TextRouter.Served> next(TextRouter versions) throws IOException {
    try {
      return versions.next();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while it waited for a router version");
    }
  }

  private void tell(
      TextFile.Text read,
      int start,
      String shown,
      TextVote.Result result,
      int length,
      TextRouter.Served served) {
    routed++;
    read.domain()
        .ifPresent(
            domain ->
                counted.add(
                    result.experts(),
                    domain,
                    served.expertOf().getOrDefault(domain, domain),
                    result.expert()));
    context
        .console()
        .result(
            json ? document(read, start, result, length, served).toString() : line(shown, result));
  }

  private static String line(String text, TextVote.Result result) {
    int width = result.experts().stream().mapToInt(String::length).max().orElse(0);
    StringBuilder line = new StringBuilder();
    for (int place = 0; place < Math.min(2, result.experts().size()); place++) {
      String name = result.experts().get(result.order().get(place));
      line.append(name).append(" ".repeat(width - name.length()));
      line.append(String.format(Locale.ROOT, " %6.3f  ", result.share(place)));
    }
    String flat = text.replaceAll("\\s+", " ").strip();
    return line.append(flat.length() > SHOWN ? flat.substring(0, SHOWN) + "…" : flat).toString();
  }

  private ObjectNode document(
      TextFile.Text read, int start, TextVote.Result result, int length, TextRouter.Served served) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("where", read.where());
    read.id().ifPresent(id -> node.put("id", id));
    read.domain().ifPresent(domain -> node.put("domain", domain));
    node.put("expert", result.expert());
    ObjectNode shares = node.putObject(by == TextVote.By.SCORES ? "scores" : "shares");
    for (int e : result.order()) {
      shares.put(result.experts().get(e), result.shares().get(e));
    }
    node.put("from", start).put("tokens", length).put("votes", result.votes());
    served.version().ifPresent(version -> node.put("version", version));
    return node;
  }

  private int finish() throws IOException {
    if (json) {
      if (!counted.isEmpty()) {
        context.console().result(counted.document().toString());
      }
      counted.noteUnknown(context.console());
    } else {
      counted.print(context.console());
    }
    if (report.isPresent()) {
      ResultFile.write(report.get(), counted.document());
    }
    setAside.forEach(document -> context.console().note("set aside: " + document));
    if (routed > 0) {
      context
          .console()
          .note(
              String.format(
                  Locale.ROOT,
                  "%s %d tokens routed: %.2f µs a token, without the tokenizer",
                  pieces.isPresent()
                      ? "%d pieces of %d texts,".formatted(routed, texts)
                      : texts + " texts of",
                  tokens,
                  nanos / 1e3 / tokens));
    }
    return setAside.isEmpty() ? ExitCode.OK : ExitCode.SET_ASIDE;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
