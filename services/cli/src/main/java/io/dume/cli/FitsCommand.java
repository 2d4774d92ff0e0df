package io.dume.cli;

import io.dume.administration.FitRetention;
import io.dume.administration.FitSummary;
import io.dume.administration.Replays;
import io.dume.router.RouterEvent;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dume fits}: the fits of a router, and the end of those that nobody needs. */
@Command(
    name = "fits",
    description = {
      "Lists a router's fits, moves it to one, or removes one.",
      "A fit is what statistics must share to be summed: model, settings, numeric profile. `dume"
          + " replay` starts another."
    },
    footer = {
      "",
      "Examples:",
      "  dume fits list",
      "  dume fits promote replay-1",
      "  dume fits remove 3f0c11"
    })
final class FitsCommand implements Callable<Integer> {

  private static final int SHORT_ID = 12;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(), "say what to do: dume fits list, promote or remove");
  }

  static List<Object> subcommands(CliContext context) {
    return List.of(new ListThem(context), new Promote(context), new Remove(context));
  }

  static String shortened(Id fit) {
    return Ids.hex(fit).substring(0, SHORT_ID);
  }

  /** {@code dume fits list}. */
  @Command(name = "list", description = "Lists the fits that were not removed, oldest first.")
  static final class ListThem implements Callable<Integer> {

    @Mixin private KafkaOptions kafka = new KafkaOptions();
    @Mixin private RouterOptions router = new RouterOptions();

    private final CliContext context;

    ListThem(CliContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException {
      List<FitSummary> fits =
          new FitRetention(kafka.settings(), kafka.topics(), router.name()).list();
      if (fits.isEmpty()) {
        context.console().note("router %s has no fit yet".formatted(router.name()));
        return ExitCode.OK;
      }
      Table table =
          new Table("fit", "status", "label", "backbone", "context_dim", "experts", "domains");
      for (FitSummary summary : fits) {
        Fit fit = summary.fit();
        table.row(
            shortened(fit.getId()),
            summary.failure().isPresent()
                ? "stopped"
                : summary.status().name().toLowerCase(Locale.ROOT),
            fit.getLabel().isEmpty() ? "-" : fit.getLabel(),
            fit.getBackbone().substring(0, Math.min(SHORT_ID, fit.getBackbone().length())),
            fit.getContextDim(),
            String.join(",", summary.experts()),
            String.join(",", summary.domains()));
      }
      table.print(context.console());
      for (FitSummary summary : fits) {
        summary
            .failure()
            .ifPresent(
                reason ->
                    context
                        .console()
                        .note(shortened(summary.fit().getId()) + " was stopped: " + reason));
      }
      return ExitCode.OK;
    }
  }

  /** {@code dume fits promote}. */
  @Command(
      name = "promote",
      description = {
        "Moves the router to one of its fits, and waits for the version.",
        "It takes the fit as it is: the way back from a replay, too. Feature extractors that have its"
            + " model follow by themselves; somebody must have it."
      },
      footer = {"", "Example:", "  dume fits promote 3f0c11"})
  static final class Promote implements Callable<Integer> {

    @Mixin private KafkaOptions kafka = new KafkaOptions();
    @Mixin private RouterOptions router = new RouterOptions();

    @Parameters(paramLabel = "FIT", description = "The beginning of its id, or its label.")
    private String fit;

    private final CliContext context;

    Promote(CliContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
      StopSignal stop = context.stop().arm();
      Id id = new FitRetention(kafka.settings(), kafka.topics(), router.name()).find(fit);
      context.console().progress("the router moves over");
      RouterEvent event =
          new Replays(kafka.settings(), kafka.topics(), router.name(), context.clock())
              .promoteAsItIs(id, stop::requested)
              .orElseThrow(
                  () ->
                      new StoppedException(
                          "stopped while the router moved over; its version comes once its workers have caught up"));
      context.console().result(VersionLines.of(event));
      return event instanceof RouterEvent.Published ? ExitCode.OK : ExitCode.FAILURE;
    }
  }

  /** {@code dume fits remove}. */
  @Command(
      name = "remove",
      description = {
        "Removes a fit that does not serve: sums, offsets, counted ids.",
        "Versions that it gave stay. A replay under way is given up so, once its workers are stopped."
      },
      footer = {"", "Example:", "  dume fits remove 3f0c11"})
  static final class Remove implements Callable<Integer> {

    @Mixin private KafkaOptions kafka = new KafkaOptions();
    @Mixin private RouterOptions router = new RouterOptions();

    @Parameters(paramLabel = "FIT", description = "The beginning of its id, or its label.")
    private String fit;

    private final CliContext context;

    Remove(CliContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
      FitRetention fits = new FitRetention(kafka.settings(), kafka.topics(), router.name());
      Id id = fits.find(fit);
      context.console().progress("removing fit " + Ids.hex(id));
      long ids = fits.remove(id);
      context.console().note("fit %s removed, with %d counted ids".formatted(shortened(id), ids));
      return ExitCode.OK;
    }
  }
}
