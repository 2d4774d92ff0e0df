package io.dume.cli;

import io.dume.models.MergedManifest;
import io.dume.models.MoErge;
import io.dume.models.TensorType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dume moerge}: one model directory out of dense experts, and experts in and out of it. */
@Command(
    name = "moerge",
    description = {
      "Merges dense experts into one model directory.",
      "All weights outside of the MLPs are averaged; each expert keeps its MLPs. No training, no data.",
      "",
      "With --add or --remove experts join or leave a directory that is there and its averages, the"
          + " backbone, stay as they are: byte for byte, so statistics stay valid. Of an expert that"
          + " joins, the MLPs alone are taken; what is printed tells how far the rest of it is from the"
          + " backbone: 0 if only its MLPs were tuned. In place (--into), whoever reads the directory"
          + " finds the old model or the new one at any moment."
    },
    footer = {
      "",
      "Examples:",
      "  dume moerge --expert math=models/math --expert code=models/code --out merged",
      "  dume moerge --add law=models/law --into merged",
      "  dume moerge --add law=models/law --base merged --out merged2",
      "  dume moerge --remove code --into merged"
    })
final class MoergeCommand implements Callable<Integer> {

  private final CliContext context;

  @Spec private CommandSpec spec;

  @Option(
      names = "--expert",
      paramLabel = "NAME=DIR",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description =
          "An expert's name, which is also its domain's, and its Hugging Face directory. Repeat it for"
              + " each expert; their order is the order of the router's columns.")
  private List<NamedDirectory> experts = List.of();

  @Option(
      names = "--add",
      paramLabel = "NAME=DIR",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description =
          "An expert that joins a merged model behind those that are there; may be repeated.")
  private List<NamedDirectory> added = List.of();

  @Option(
      names = "--remove",
      paramLabel = "NAME",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "An expert that leaves a merged model; may be repeated.")
  private List<String> removed = List.of();

  @Option(
      names = "--into",
      paramLabel = "DIR",
      description = "With --add or --remove: the merged model, changed in place.")
  private Optional<Path> into = Optional.empty();

  @Option(
      names = "--base",
      paramLabel = "DIR",
      description =
          "With --add or --remove: the merged model to start from, which stays as it is; the new one"
              + " goes to --out. Weights that both have are on the disk once, where the file system"
              + " allows.")
  private Optional<Path> base = Optional.empty();

  @Option(names = "--out", paramLabel = "DIR", description = "The directory to make.")
  private Optional<Path> out = Optional.empty();

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description =
          "Type of the averaged weights: f32, f16 or bf16; the MLPs keep the type they have. Default:"
              + " f32.")
  private Optional<TensorType> type = Optional.empty();

  @Option(names = "--force", description = "Replace a merged model that is already there.")
  private boolean force;

  MoergeCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    int ways =
        (experts.isEmpty() ? 0 : 1) + (added.isEmpty() ? 0 : 1) + (removed.isEmpty() ? 0 : 1);
    if (ways != 1) {
      throw usage("say what to do: one of --expert NAME=DIR, --add NAME=DIR, --remove NAME");
    }
    if (experts.isEmpty()) {
      change();
    } else {
      merge();
    }
    return ExitCode.OK;
  }

  private void merge() throws IOException {
    if (into.isPresent() || base.isPresent()) {
      throw usage("--into and --base are for --add and --remove; a merge makes --out");
    }
    Path made = out.orElseThrow(() -> usage("--out DIR is missing: the directory to make"));
    List<MoErge.Expert> sources = sources(experts);
    MoErge.Options options =
        Usage.check(spec, () -> new MoErge.Options(type.orElse(TensorType.F32), force));
    MoErge.Result result = MoErge.merge(sources, made, options);
    print(result.manifest(), result.warnings());
    context.console().note("merged %d experts into %s".formatted(experts.size(), made));
  }

  private void change() throws IOException {
    if (type.isPresent()) {
      throw usage("--dtype is of averages, and --add and --remove make none: leave it away");
    }
    boolean inPlace = into.isPresent() && base.isEmpty() && out.isEmpty() && !force;
    if (!inPlace && (into.isPresent() || base.isEmpty() || out.isEmpty())) {
      throw usage("say where: --into DIR to change it in place, or --base DIR with --out DIR");
    }
    MoErge.Change change = removed.isEmpty() ? add(inPlace) : remove(inPlace);
    if (!change.additions().isEmpty()) {
      Table table = new Table("joined", "attention's distance", "farthest of the rest");
      for (MoErge.Addition addition : change.additions()) {
        table.row(addition.name(), text(addition.attention()), text(addition.rest()));
      }
      table.print(context.console());
    }
    print(change.manifest(), change.warnings());
    context
        .console()
        .note(
            "%d experts in %s now; the backbone stays"
                .formatted(change.manifest().experts().size(), into.or(() -> out).orElseThrow()));
  }

  private MoErge.Change add(boolean inPlace) throws IOException {
    List<MoErge.Expert> sources = sources(added);
    return inPlace
        ? MoErge.add(into.orElseThrow(), sources)
        : MoErge.add(base.orElseThrow(), sources, out.orElseThrow(), force);
  }

  private MoErge.Change remove(boolean inPlace) throws IOException {
    return inPlace
        ? MoErge.remove(into.orElseThrow(), removed)
        : MoErge.remove(base.orElseThrow(), removed, out.orElseThrow(), force);
  }

  private List<MoErge.Expert> sources(List<NamedDirectory> given) {
    return Usage.check(
        spec, () -> given.stream().map(e -> new MoErge.Expert(e.name(), e.directory())).toList());
  }

  private static String text(MoErge.Distance distance) {
    return distance.relative() == 0
        ? "0"
        : "%.3g (%s)".formatted(distance.relative(), distance.tensor());
  }

  private void print(MergedManifest manifest, List<String> warnings) {
    Console console = context.console();
    warnings.forEach(warning -> console.note("warning: " + warning));
    Table table = new Table("expert", "fingerprint of its MLPs");
    for (MergedManifest.Expert expert : manifest.experts()) {
      table.row(expert.name(), expert.fingerprint());
    }
    table.print(console);
    console.result("backbone " + manifest.backboneFingerprint());
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
