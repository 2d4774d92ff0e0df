package io.dume.e2e.containers;

import static org.awaitility.Awaitility.await;

import io.dume.cli.DumeCli;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code dume up} in this process: an installation on one broker that nobody disturbs. */
final class Calm implements AutoCloseable {

  private static final Pattern BOOTSTRAP = Pattern.compile("bootstrap servers: (\\S+)");
  private static final Duration START = Duration.ofMinutes(2);
  private static final Duration STOP = Duration.ofMinutes(2);

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final DumeCli cli = new DumeCli(Map.of(), new PrintWriter(out), new PrintWriter(err));
  private final Thread thread;

  private Calm(Path model, Path data) {
    String[] arguments = {
      "up",
      "--model",
      model.toString(),
      "--data",
      data.toString(),
      "--port",
      "0",
      "--cut-interval",
      "1h",
      "--cut-tokens",
      Long.toString(Long.MAX_VALUE)
    };
    this.thread = new Thread(() -> cli.run(arguments), "test-dume-up");
  }

  static Calm start(Path model, Path data) {
    Calm calm = new Calm(model, data);
    calm.thread.start();
    return calm;
  }

  /** Commands for it, once its broker is up. */
  Dume dume() {
    String bootstrap =
        await("dume up")
            .atMost(START)
            .until(
                () -> {
                  if (!thread.isAlive()) {
                    throw new IllegalStateException("dume up has ended: " + out + err);
                  }
                  Matcher matcher = BOOTSTRAP.matcher(out.toString() + err);
                  return matcher.find() ? matcher.group(1) : "";
                },
                found -> !found.isEmpty());
    return Dume.at(bootstrap, "dume.");
  }

  @Override
  public void close() {
    cli.stop();
    try {
      thread.join(STOP.toMillis());
      if (thread.isAlive()) {
        throw new AssertionError("dume up has not ended within %s: %s%s".formatted(STOP, out, err));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
