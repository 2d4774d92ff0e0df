package io.dume.cli;

import io.dume.administration.DeadLetterResend;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.TokenBatch;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dume dead-letters resend}: what was set aside, once more. */
@Command(
    name = "resend",
    description = {
      "Sends token batches that were set aside again, after a repair.",
      "Each goes out as it was, under its own id: what has been counted meanwhile does not count"
          + " twice. What is still wrong comes back as another dead letter."
    },
    footer = {
      "",
      "Examples:",
      "  dume dead-letters resend --reason removed-domain",
      "  dume dead-letters resend --reason unknown-domain --domain law",
      "  dume dead-letters resend --all"
    })
final class ResendCommand implements Callable<Integer> {

  @Mixin private KafkaOptions kafka = new KafkaOptions();

  @Option(
      names = "--reason",
      paramLabel = "REASON",
      description = "Those with this reason, as `dume dead-letters` shows it.")
  private Optional<String> reason = Optional.empty();

  @Option(
      names = "--domain",
      paramLabel = "NAME",
      description = "Those that hold a token batch of this domain.")
  private Optional<String> domain = Optional.empty();

  @Option(
      names = "--from",
      paramLabel = "OFFSET",
      description = "From this dead letter on, by the number that `dume dead-letters` shows first.")
  private Optional<Long> from = Optional.empty();

  @Option(names = "--all", description = "All of them.")
  private boolean all;

  @Spec private CommandSpec spec;

  private final CliContext context;
  private final Map<DeadLetterResend.Outcome, Long> outcomes =
      new EnumMap<>(DeadLetterResend.Outcome.class);

  ResendCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!all && reason.isEmpty() && domain.isEmpty() && from.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "say which: --reason, --domain, --from, or --all");
    }
    StopSignal stop = context.stop().arm();
    try (DeadLetterLog log =
            new DeadLetterLog(
                kafka.settings(), kafka.topics(), context.console(), stop::requested);
        DeadLetterResend resend = new DeadLetterResend(kafka.settings(), kafka.topics())) {
      log.readToEnd((offset, letter) -> resend(offset, letter, log, resend, stop));
      resend.flush();
    }
    long sent = count(DeadLetterResend.Outcome.SENT);
    context.console().note("%d token batches sent again".formatted(sent));
    note(DeadLetterResend.Outcome.NOT_A_TOKEN_BATCH, "are of other topics, and can't be");
    note(
        DeadLetterResend.Outcome.NOT_IN_THE_LETTER,
        "were too large for a dead letter: feed them again");
    return sent == outcomes.values().stream().mapToLong(n -> n).sum()
        ? ExitCode.OK
        : ExitCode.SET_ASIDE;
  }

  private void resend(
      long offset, DeadLetter letter, DeadLetterLog log, DeadLetterResend resend, StopSignal stop) {
    if (stop.requested()) {
      throw new StoppedException("stopped; what was sent again counts once, so start over");
    }
    boolean wanted =
        from.filter(first -> offset < first).isEmpty()
            && reason.filter(r -> !r.equals(letter.getReason())).isEmpty()
            && (domain.isEmpty()
                || log.tokenBatch(letter).map(TokenBatch::getDomain).equals(domain));
    if (!wanted) {
      return;
    }
    try {
      outcomes.merge(resend.resend(letter), 1L, Long::sum);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoppedException("interrupted");
    }
    context.console().progress(count(DeadLetterResend.Outcome.SENT) + " sent again");
  }

  private long count(DeadLetterResend.Outcome outcome) {
    return outcomes.getOrDefault(outcome, 0L);
  }

  private void note(DeadLetterResend.Outcome outcome, String what) {
    if (count(outcome) > 0) {
      context.console().note("%d %s".formatted(count(outcome), what));
    }
  }
}
