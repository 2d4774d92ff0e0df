package io.dume.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.schemas.message.DeadLetter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume dead-letters}: what could not be counted, and why. */
@Command(
    name = "dead-letters",
    description = {
      "Lists the records that could not be counted.",
      "Why, which service set them aside, and where they lie."
    },
    footer = {
      "",
      "Examples:",
      "  dume dead-letters",
      "  dume dead-letters --json --follow",
    })
final class DeadLettersCommand implements Callable<Integer> {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Mixin private KafkaOptions kafka = new KafkaOptions();

  @Option(names = "--reason", paramLabel = "REASON", description = "Only those with this reason.")
  private Optional<String> reason = Optional.empty();

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Option(names = "--follow", description = "Waits for more until it is stopped.")
  private boolean follow;

  private final CliContext context;
  private long listed;

  DeadLettersCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    try (DeadLetterLog log =
        new DeadLetterLog(
            kafka.settings(), kafka.topics(), context.console(), context.stop()::requested)) {
      if (follow) {
        StopSignal stop = context.stop().arm();
        log.follow((offset, letter) -> print(offset, letter, log), stop::requested);
      } else {
        log.readToEnd((offset, letter) -> print(offset, letter, log));
      }
    }
    context.console().note("%d dead letters".formatted(listed));
    return ExitCode.OK;
  }

  private void print(long offset, DeadLetter letter, DeadLetterLog log) {
    if (reason.filter(r -> !r.equals(letter.getReason())).isPresent()) {
      return;
    }
    listed++;
    context.console().result(json ? object(offset, letter, log) : line(offset, letter, log));
  }

  static String line(long offset, DeadLetter letter, DeadLetterLog log) {
    return "%d  %s  %s  %s/%d@%d%s  %s"
        .formatted(
            offset,
            letter.getSetAsideAt(),
            letter.getReason(),
            letter.getTopic(),
            letter.getPartition(),
            letter.getOffset(),
            document(letter, log).map(d -> "  " + d).orElse(""),
            letter.getDetail());
  }

  private static String object(long offset, DeadLetter letter, DeadLetterLog log) {
    ObjectNode node = JSON.createObjectNode();
    node.put("offset", offset);
    node.put("setAsideAt", letter.getSetAsideAt().toString());
    node.put("service", letter.getService());
    node.put("reason", letter.getReason());
    node.put("detail", letter.getDetail());
    node.put("sourceTopic", letter.getTopic());
    node.put("sourcePartition", letter.getPartition());
    node.put("sourceOffset", letter.getOffset());
    document(letter, log).ifPresent(d -> node.put("document", d));
    node.put("bytes", letter.getValue().map(ByteBuffer::remaining).orElse(0));
    return node.toString();
  }

  /** Which document a letter is about, where it holds a token batch that can be read. */
  private static Optional<String> document(DeadLetter letter, DeadLetterLog log) {
    return log.tokenBatch(letter)
        .map(b -> "%s %s part %d".formatted(b.getSource(), b.getDocument(), b.getPart()));
  }
}
