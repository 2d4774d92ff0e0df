package io.dume.cli;

import io.dume.inspector.GateTurn;
import io.dume.inspector.Inspection;
import io.dume.router.Router;
import io.dume.router.RouterHistory;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume inspect}: what a version's statistics tell, without a forward pass. */
@Command(
    name = "inspect",
    description = {
      "Tells what a version's gates can and can't tell apart.",
      "How far apart any two experts' tokens are in each layer, how often the gate is expected to"
          + " confuse them, which experts are hardly to be told apart, how far the fresh tokens of an"
          + " expert lie from those before, and whether the gates still move. No model, no text, no"
          + " forward pass: a version carries the spread of its scores. All of it is by expert:"
          + " where an expert has several domains, their tokens are one."
    },
    footer = {
      "",
      "Distances are in standard deviations within an expert's tokens: at 1 two experts overlap in"
          + " most of their tokens, at 4 in few. Experts that are nearer than 1 in all layers could be"
          + " one. A gate solved from N tokens is off by an angle that shrinks as 1 / sqrt(N): from how"
          + " far it turned since a version of half the tokens follows how far it has to turn yet, and"
          + " how many tokens of each expert that takes if they go on to come as so far. It stands"
          + " still when less than 5 degrees are left.",
      "",
      "Examples:",
      "  dume inspect",
      "  dume inspect 12 --layer 3",
      "  dume inspect --pictures pictures",
      "  dume inspect --json --layer 3"
    })
final class InspectCommand implements Callable<Integer> {

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();

  @Mixin private VersionOption number = new VersionOption();

  @Option(
      names = "--layer",
      paramLabel = "L",
      description = "Shows this layer alone, from 0. Default: all, and what they have in common.")
  private Optional<Integer> layer = Optional.empty();

  @Option(names = "--json", description = "As JSON.")
  private boolean json;

  @Option(
      names = "--pictures",
      paramLabel = "DIR",
      description =
          "Receives heat maps, a matrix of each layer: confusion and distances, as SVG and as PNG.")
  private Optional<Path> pictures = Optional.empty();

  private final CliContext context;

  InspectCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    InspectionPage page;
    try (RouterHistory history =
        RouterHistory.open(kafka.settings(), kafka.topics(), router.name())) {
      Router asked = number.in(history, router.name());
      page = page(history, asked.description(), solved(history, asked));
    }
    layer.ifPresent(l -> requireLayer(l, page.inspection().layers().size()));
    if (json) {
      context.console().result(page.json(layer).toPrettyString());
    } else {
      page.print(context.console(), layer);
    }
    if (pictures.isPresent()) {
      new InspectionPictures(page, layer).write(pictures.get());
      context.console().note("pictures: " + pictures.get());
    }
    return ExitCode.OK;
  }

  /** The version itself, or the one that its gates were trained from. */
  private static Router solved(RouterHistory history, Router asked) {
    Optional<Training> training = asked.description().getTraining();
    if (training.isEmpty()) {
      return asked;
    }
    long start = training.get().getStart();
    return history
        .version(start)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "version %d was trained from version %d, which is not there any more, and carries no statistics itself"
                        .formatted(asked.version(), start)));
  }

  private static InspectionPage page(RouterHistory history, RouterVersion asked, Router solved) {
    RouterVersion version = solved.description();
    Inspection inspection = Inspection.of(version).orElseThrow(() -> silent(version));
    long compared = version.getEarlierVersion();
    List<Inspection.Drift> drifts =
        (compared > 0 ? history.description(compared) : Optional.<RouterVersion>empty())
            .map(earlier -> Inspection.drift(earlier, version))
            .orElse(List.of());
    List<RouterVersion> before =
        history.descriptionsBackTo(earlier -> GateTurn.isHalf(earlier, version));
    List<GateTurn> turns =
        GateTurn.compared(before, version)
            .flatMap(history::version)
            .map(earlier -> GateTurn.between(earlier, solved))
            .orElse(List.of());
    return new InspectionPage(asked, version, inspection, drifts, turns);
  }

  private static void requireLayer(int layer, int layers) {
    if (layer < 0 || layer >= layers) {
      throw new IllegalArgumentException(
          "--layer %d: the router has layers 0 to %d".formatted(layer, layers - 1));
    }
  }

  private static IllegalArgumentException silent(RouterVersion version) {
    return new IllegalArgumentException(
        "version %d carries no spread of its scores: it was solved before versions did, or has more than 64 experts; `dume solve` asks for a new one"
            .formatted(version.getVersion()));
  }
}
