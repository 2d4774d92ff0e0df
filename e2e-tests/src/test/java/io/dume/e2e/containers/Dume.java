package io.dume.e2e.containers;

import io.dume.cli.DumeCli;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** {@code dume} commands in this process, for one installation. */
record Dume(Map<String, String> environment) {

  private static final int MOST_MINUTES = 6;

  /** What a command ended with. */
  record Result(String name, int status, String out, String err) {

    /** For the description of an assertion. */
    @Override
    public String toString() {
      return "%s: status %d%n%s%n%s".formatted(name, status, out, err);
    }
  }

  /** Of an installation on a cluster. */
  static Dume at(String bootstrapServers, String topicPrefix) {
    return new Dume(
        Map.of("DUME_BOOTSTRAP_SERVERS", bootstrapServers, "DUME_TOPIC_PREFIX", topicPrefix));
  }

  /** Runs a command to its end. */
  Result run(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] strings = Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
    int status = new DumeCli(environment, new PrintWriter(out), new PrintWriter(err)).run(strings);
    return new Result("dume " + String.join(" ", strings), status, out.toString(), err.toString());
  }

  /** As {@link #run}, and fails unless all was done. */
  Result done(Object... arguments) {
    Result result = run(arguments);
    if (result.status() != 0) {
      throw new AssertionError(result.toString());
    }
    return result;
  }

  /** As {@link #done}, on a thread of its own; given up after some minutes. */
  CompletableFuture<Result> start(Object... arguments) {
    return CompletableFuture.supplyAsync(() -> done(arguments), task -> thread(task).start())
        .orTimeout(MOST_MINUTES, TimeUnit.MINUTES);
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "test-dume");
    thread.setDaemon(true);
    return thread;
  }
}
