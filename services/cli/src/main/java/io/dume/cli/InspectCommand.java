package io.dume.cli;

import io.dume.inspector.Inspection;
import io.dume.router.Router;
import io.dume.router.RouterHistory;
import io.dume.schemas.message.RouterVersion;
import java.io.IOException;
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
          + " forward pass: a version carries the spread of its scores."
    },
    footer = {
      "",
      "Distances are in standard deviations within an expert's tokens: at 1 two experts overlap in"
          + " most of their tokens, at 4 in few.",
      "",
      "Examples:",
      "  dume inspect",
      "  dume inspect 12 --layer 3",
      "  dume inspect --json"
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

  private final CliContext context;

  InspectCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    try (RouterHistory history =
        RouterHistory.open(kafka.settings(), kafka.topics(), router.name())) {
      Router shown = number.in(history, router.name());
      RouterVersion version = shown.description();
      Inspection inspection = Inspection.of(version).orElseThrow(() -> silent(version));
      layer.ifPresent(l -> requireLayer(l, inspection.layers().size()));
      Optional<Router> before =
          history
              .descriptionBefore(version.getVersion())
              .flatMap(b -> history.version(b.getVersion()));
      long compared = version.getEarlierVersion();
      List<Inspection.Drift> drifts =
          (compared > 0 ? history.description(compared) : Optional.<RouterVersion>empty())
              .map(earlier -> Inspection.drift(earlier, version))
              .orElse(List.of());
      List<Inspection.Turn> turns = before.map(b -> Inspection.turns(b, shown)).orElse(List.of());
      InspectionPage page =
          new InspectionPage(router.name(), version.getVersion(), inspection, drifts, turns);
      if (json) {
        context.console().result(page.json().toPrettyString());
      } else {
        page.print(context.console(), layer);
      }
    }
    return ExitCode.OK;
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
