package io.dume.cli;

import io.dume.administration.ExpertLists;
import io.dume.models.MergedManifest;
import io.dume.models.MoErge;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dume experts add}. */
@Command(
    name = "add",
    description = {
      "Lets an expert into a router that runs.",
      "Frozen, the default: its MLPs join the merged model in place, running workers load them, and the"
          + " router has the expert as soon as tokens of its domain are counted. With --remerged: a new"
          + " average of all experts in a new directory, and a replay through it."
    },
    footer = {
      "",
      "Examples:",
      "  dume experts add law=models/law --model merged && dume feed --model merged --domain law texts",
      "  dume experts add law=models/law --remerged --expert math=models/math --expert code=models/code"
          + " --model merged2"
    })
final class AddExpertCommand implements Callable<Integer> {

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();
  @Mixin private ModelOptions model = new ModelOptions();

  @Parameters(
      paramLabel = "NAME[=DIR]",
      description =
          "The expert and its Hugging Face directory; the name alone if `dume moerge --add` has put it"
              + " into the merged model already, as on a machine of another worker.")
  private String expert;

  @Option(
      names = "--domain",
      paramLabel = "NAME",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description =
          "A domain whose tokens belong to it; may be repeated. Default: one of the expert's name.")
  private List<String> domains = List.of();

  @Mixin private RemergeOptions remerge = new RemergeOptions();
  @Mixin private ReplayOptions replay = new ReplayOptions();

  @Spec private CommandSpec spec;

  private final CliContext context;

  AddExpertCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws Exception {
    ExpertLists lists = new ExpertLists(kafka.settings(), kafka.topics(), router.name());
    return remerge.wanted() ? remerged(lists) : frozen(lists);
  }

  private int frozen(ExpertLists lists) throws IOException, InterruptedException {
    remerge.requireNone(spec);
    String name = expert;
    if (expert.contains("=")) {
      NamedDirectory source = NamedDirectory.parse(expert);
      name = source.name();
      requireNew(lists.current(), name);
      join(source);
    }
    ExpertsChanged list =
        lists.addExpert(inModel(name), domains.isEmpty() ? List.of(name) : domains);
    ListLines.print(list, context.console());
    return ExitCode.OK;
  }

  /** Before the model is changed: a name that is taken would be found out too late. */
  private void requireNew(ExpertsChanged list, String name) {
    if (list.getExperts().stream().anyMatch(e -> e.getName().equals(name))) {
      throw new IllegalArgumentException(
          "router %s has an expert %s already".formatted(router.name(), name));
    }
  }

  private void join(NamedDirectory source) throws IOException {
    Path merged = model.directory();
    if (MergedManifest.read(merged).indexOf(source.name()).isPresent()) {
      // Its MLPs may be others than those of the directory.
      throw new IllegalArgumentException(
          "%s has an expert %s already: give %s alone to take that one, or `dume moerge --remove %s` first to take the one in %s"
              .formatted(merged, source.name(), source.name(), source.name(), source.directory()));
    }
    MoErge.Change change =
        MoErge.add(merged, List.of(new MoErge.Expert(source.name(), source.directory())));
    change.warnings().forEach(warning -> context.console().note("warning: " + warning));
    for (MoErge.Addition addition : change.additions()) {
      context
          .console()
          .note(
              "%s: its attention is at a distance of %.3g from the backbone's, the rest of at most %.3g"
                  .formatted(
                      addition.name(),
                      addition.attention().relative(),
                      addition.rest().relative()));
    }
  }

  private Expert inModel(String name) throws IOException {
    return MergedManifest.read(model.directory()).experts().stream()
        .filter(e -> e.name().equals(name))
        .findFirst()
        .map(e -> new Expert(e.name(), e.fingerprint()))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s has no expert %s: give its directory too, as in %s=DIR"
                        .formatted(model.directory(), name, name)));
  }

  private int remerged(ExpertLists lists) throws Exception {
    if (!expert.contains("=")) {
      throw new ParameterException(
          spec.commandLine(),
          "--remerged averages anew: give the directory too, " + expert + "=DIR");
    }
    if (!domains.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--remerged: the expert's domain has its name; `dume domains add` adds others");
    }
    List<NamedDirectory> all = new ArrayList<>(remerge.experts());
    all.add(NamedDirectory.parse(expert));
    ExpertsChanged list = lists.current();
    remerge.requireAll(spec, list, List.of());
    remerge.merge(all, model.directory(), list, context.console());
    return new ReplayRun(kafka.settings(), kafka.topics(), router.name(), replay, context)
        .run(model.directory(), model.device());
  }
}
