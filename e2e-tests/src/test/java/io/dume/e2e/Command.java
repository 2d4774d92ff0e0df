package io.dume.e2e;

import static org.awaitility.Awaitility.await;

import io.dume.cli.DumeCli;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One {@code dume} command in this process, with its output caught. */
public final class Command implements AutoCloseable {

  private static final Duration STOP = Duration.ofSeconds(60);

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final CompletableFuture<Integer> status = new CompletableFuture<>();
  private final String name;
  private final DumeCli cli;

  private Command(Map<String, String> environment, String... arguments) {
    this.name = "dume " + String.join(" ", arguments);
    this.cli = new DumeCli(environment, new PrintWriter(out), new PrintWriter(err));
    Thread thread = new Thread(() -> execute(arguments), "test-dume-" + arguments[0]);
    thread.setDaemon(true);
    thread.start();
  }

  private void execute(String... arguments) {
    try {
      status.complete(cli.run(arguments));
    } catch (RuntimeException | Error e) {
      status.completeExceptionally(e);
    }
  }

  /**
   * What a command ended with.
   *
   * @param status the exit status
   * @param out standard output
   * @param err standard error
   */
  public record Result(String name, int status, String out, String err) {

    /** The lines of standard output. */
    public List<String> lines() {
      return out.lines().toList();
    }

    /** For the description of an assertion. */
    @Override
    public String toString() {
      return "%s: status %d%n%s%n%s".formatted(name, status, out, err);
    }
  }

  /** Runs a command to its end. */
  public static Result run(Object... arguments) {
    return new Command(Map.of(), strings(arguments)).end(Duration.ofMinutes(5));
  }

  /** Starts a command that goes on until it is stopped. */
  public static Command start(Object... arguments) {
    return new Command(Map.of(), strings(arguments));
  }

  private static String[] strings(Object... arguments) {
    return Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
  }

  /** Waits for a line of standard output and returns the pattern's first group. */
  public String awaitOutput(String pattern) {
    Pattern compiled = Pattern.compile(pattern);
    return await(name + ": " + pattern)
        .atMost(Duration.ofSeconds(90))
        .until(
            () -> {
              if (status.isDone()) {
                throw new IllegalStateException(name + " has ended: " + out + err);
              }
              Matcher matcher = compiled.matcher(out.toString());
              return matcher.find() ? matcher.group(1) : "";
            },
            found -> !found.isEmpty());
  }

  /** Asks the command to end, as Ctrl-C does, and waits. */
  public Result stop() {
    cli.stop();
    return end(STOP);
  }

  private Result end(Duration time) {
    try {
      return new Result(
          name, status.get(time.toMillis(), TimeUnit.MILLISECONDS), out.toString(), err.toString());
    } catch (TimeoutException e) {
      throw new AssertionError(name + " has not ended within " + time + ": " + out + err, e);
    } catch (ExecutionException e) {
      throw new AssertionError(name + " threw: " + out + err, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override
  public void close() {
    if (!status.isDone()) {
      stop();
    }
  }
}
