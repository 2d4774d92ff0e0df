package io.dume.cli;

import io.dume.router.Router;
import io.dume.router.RouterHistory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dume router}: what one can do with a version. */
@Command(name = "router", description = "Works with the versions of a router.")
final class RouterCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(), "say what to do: dume router export, train or publish");
  }

  /** {@code dume router export}. */
  @Command(
      name = "export",
      description =
          "Writes a version's gates as safetensors: model.layers.N.mlp.gate.weight (experts x d) and"
              + " model.layers.N.mlp.gate.bias, float32.",
      footer = {"", "Example:", "  dume router export --version 3 --out router.safetensors"})
  static final class Export implements Callable<Integer> {

    @Mixin private KafkaOptions kafka = new KafkaOptions();
    @Mixin private RouterOptions router = new RouterOptions();

    @Option(
        names = "--version",
        paramLabel = "N",
        description = "Which version. Default: the newest.")
    private Optional<Long> version = Optional.empty();

    @Option(
        names = "--out",
        paramLabel = "FILE",
        required = true,
        description = "The file to write; what is there is replaced.")
    private Path out;

    private final CliContext context;

    Export(CliContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException {
      Router chosen;
      try (RouterHistory history =
          RouterHistory.open(kafka.settings(), kafka.topics(), router.name())) {
        chosen = chosen(history, router.name(), version);
      }
      VersionDocument.weights(chosen).write(out);
      context
          .console()
          .note(
              "version %d of router %s written to %s"
                  .formatted(chosen.version(), chosen.name(), out));
      return ExitCode.OK;
    }
  }

  /**
   * The version that was asked for, or the newest.
   *
   * @throws IllegalArgumentException if it is not there
   */
  static Router chosen(RouterHistory history, String router, Optional<Long> version) {
    return version
        .map(history::version)
        .orElseGet(history::newest)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    version
                        .map(
                            n ->
                                "router %s has no version %d: `dume versions` lists them"
                                    .formatted(router, n))
                        .orElse(
                            "router %s has no version yet: `dume solve` asks for one"
                                .formatted(router))));
  }
}
