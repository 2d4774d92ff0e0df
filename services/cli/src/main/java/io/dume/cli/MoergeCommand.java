package io.dume.cli;

import io.dume.models.MergedManifest;
import io.dume.models.MoErge;
import io.dume.models.TensorType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dume moerge}: one model directory out of dense experts. */
@Command(
    name = "moerge",
    description = {
      "Merges dense experts into one model directory.",
      "All weights outside of the MLPs are averaged; each expert keeps its MLPs. No training, no data."
    },
    footer = {
      "",
      "Example:",
      "  dume moerge --expert math=models/math --expert code=models/code --out merged"
    })
final class MoergeCommand implements Callable<Integer> {

  private final CliContext context;

  @Spec private CommandSpec spec;

  @Option(
      names = "--expert",
      paramLabel = "NAME=DIR",
      required = true,
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description =
          "An expert's name, which is also its domain's, and its Hugging Face directory. Repeat it for"
              + " each expert; their order is the order of the router's columns.")
  private List<NamedDirectory> experts = List.of();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The directory to make.")
  private Path out;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "f32",
      description =
          "Type of the averaged weights: f32, f16 or bf16; the MLPs keep the type they have. Default:"
              + " ${DEFAULT-VALUE}.")
  private TensorType type;

  @Option(names = "--force", description = "Replace a merged model that is already there.")
  private boolean force;

  MoergeCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    Console console = context.console();
    List<MoErge.Expert> sources =
        Usage.check(
            spec,
            () -> experts.stream().map(e -> new MoErge.Expert(e.name(), e.directory())).toList());
    MoErge.Options options = Usage.check(spec, () -> new MoErge.Options(type, force));
    MoErge.Result result = MoErge.merge(sources, out, options);
    result.warnings().forEach(warning -> console.note("warning: " + warning));
    Table table = new Table("expert", "fingerprint of its MLPs");
    for (MergedManifest.Expert expert : result.manifest().experts()) {
      table.row(expert.name(), expert.fingerprint());
    }
    table.print(console);
    console.result("backbone " + result.manifest().backboneFingerprint());
    console.note("merged %d experts into %s".formatted(experts.size(), out));
    return ExitCode.OK;
  }
}
