package io.dume.cli;

import io.dume.models.MergedManifest;
import io.dume.models.MoErge;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** A new average of the experts that stay, where one joins or leaves. */
final class RemergeOptions {

  @Option(
      names = "--remerged",
      description = "Averages anew and replays; --model names the directory to make.")
  private boolean remerged;

  @Option(
      names = "--expert",
      paramLabel = "NAME=DIR",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "With --remerged: each expert that stays, and its Hugging Face directory.")
  private List<NamedDirectory> experts = List.of();

  boolean wanted() {
    return remerged;
  }

  List<NamedDirectory> experts() {
    return experts;
  }

  /** What is only for another average must not be passed over in silence. */
  void requireNone(CommandSpec spec, String... more) {
    Set<String> ofRemerging = new HashSet<>(List.of(more));
    ofRemerging.add("--expert");
    CommandSpec.forAnnotatedObject(new ReplayOptions())
        .options()
        .forEach(option -> ofRemerging.add(option.longestName()));
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      if (ofRemerging.contains(option.longestName())) {
        throw new ParameterException(
            spec.commandLine(),
            option.longestName()
                + " is for --remerged: on the frozen backbone nothing is averaged or replayed");
      }
    }
  }

  /** The experts that stay are those of the list, but for one that leaves. */
  void requireAll(CommandSpec spec, ExpertsChanged list, List<String> leaving) {
    List<String> staying =
        new ArrayList<>(list.getExperts().stream().map(Expert::getName).toList());
    staying.removeAll(leaving);
    List<String> given = experts.stream().map(NamedDirectory::name).toList();
    if (!staying.containsAll(given) || !given.containsAll(staying)) {
      throw new ParameterException(
          spec.commandLine(),
          "--expert must name each of %s once, with its directory: %s"
              .formatted(
                  String.join(", ", staying),
                  given.isEmpty() ? "there is none" : "it names " + String.join(", ", given)));
    }
  }

  /** Merges, unless an earlier run of the same command has. */
  void merge(List<NamedDirectory> all, Path out, ExpertsChanged list, Console console)
      throws IOException {
    List<String> names = all.stream().map(NamedDirectory::name).toList();
    boolean there = Files.isDirectory(out) && MergedManifest.read(out).expertNames().equals(names);
    if (there) {
      requireAverage(MergedManifest.read(out), out, list);
      console.note("%s has these experts, and stays".formatted(out));
      return;
    }
    MoErge.Result result =
        MoErge.merge(
            all.stream().map(e -> new MoErge.Expert(e.name(), e.directory())).toList(),
            out,
            MoErge.Options.DEFAULT);
    result.warnings().forEach(warning -> console.note("warning: " + warning));
    console.note("merged %d experts into %s".formatted(names.size(), out));
  }

  /** A directory of another making has the same names, too. */
  private static void requireAverage(MergedManifest there, Path out, ExpertsChanged list) {
    Map<String, String> mlps =
        list.getExperts().stream().collect(Collectors.toMap(Expert::getName, Expert::getMlp));
    for (MergedManifest.Expert expert : there.experts()) {
      boolean other =
          !mlps.getOrDefault(expert.name(), expert.fingerprint()).equals(expert.fingerprint());
      if (other || !expert.averaged()) {
        throw new IllegalArgumentException(
            "%s is there, but not as this average: expert %s %s; name another --model, or use it as it is with `dume replay`"
                .formatted(
                    out,
                    expert.name(),
                    other ? "has other MLPs than the router's" : "joined it later"));
      }
    }
  }
}
