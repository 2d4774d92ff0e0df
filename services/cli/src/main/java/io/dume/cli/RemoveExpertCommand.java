package io.dume.cli;

import io.dume.administration.ExpertLists;
import io.dume.models.Device;
import io.dume.schemas.message.ExpertsChanged;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dume experts remove}. */
@Command(
    name = "remove",
    description = {
      "Takes an expert out of a router that runs, with its domains.",
      "Frozen, the default: the next version is that of a router that never had it, on the same"
          + " backbone; the merged model may keep its MLPs. With --remerged: a new average of the others in"
          + " a new directory, and a replay through it."
    },
    footer = {
      "",
      "Examples:",
      "  dume experts remove math && dume solve",
      "  dume experts remove math --remerged --expert code=models/code --expert law=models/law --model"
          + " merged2"
    })
final class RemoveExpertCommand implements Callable<Integer> {

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();

  @Parameters(paramLabel = "NAME", description = "The expert.")
  private String name;

  @Mixin private RemergeOptions remerge = new RemergeOptions();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "With --remerged: the directory of the new average.")
  private Optional<Path> model = Optional.empty();

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "auto",
      description = "With --remerged: auto, cpu, cuda or cuda:N. Default: ${DEFAULT-VALUE}.")
  private String device;

  @Mixin private ReplayOptions replay = new ReplayOptions();

  @Spec private CommandSpec spec;

  private final CliContext context;

  RemoveExpertCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws Exception {
    ExpertLists lists = new ExpertLists(kafka.settings(), kafka.topics(), router.name());
    if (!remerge.wanted()) {
      remerge.requireNone(spec, "--model", "--device");
      ListLines.print(lists.removeExpert(name), context.console());
      context.console().note("`dume solve` asks for the version without it now");
      return ExitCode.OK;
    }
    Path directory =
        model.orElseThrow(
            () ->
                new ParameterException(
                    spec.commandLine(), "--remerged makes a model: say where, --model DIR"));
    ExpertsChanged list = lists.current();
    remerge.requireAll(spec, list, List.of(name));
    remerge.merge(remerge.experts(), directory, list, context.console());
    return new ReplayRun(kafka.settings(), kafka.topics(), router.name(), replay, context)
        .run(directory, Device.resolve(device));
  }
}
