package io.dume.e2e.crash;

import io.dume.e2e.DumeProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;

/**
 * Hands lines of JSON to a {@code dume feed} in step with the faults, so that it feeds all along.
 */
final class Feeder {

  /** Between two lines that are fed before their time. */
  private static final int EARLY_PAUSE_MILLIS = 300;

  private static final Duration LAST_LINES = Duration.ofMinutes(5);

  private final DumeProcess feed;
  private final List<String> lines;
  private final DoubleSupplier share;
  private final BooleanSupplier early;
  private final Moments moments;
  private final int pauseMillis;

  /**
   * @param feed reads its standard input
   * @param share of the lines that may have been fed by now, from 0 to 1 and more
   * @param early whether lines beyond that share are fed too, slowly
   * @param pauseMillis the longest pause between two lines
   */
  Feeder(
      DumeProcess feed,
      List<String> lines,
      DoubleSupplier share,
      BooleanSupplier early,
      Moments moments,
      int pauseMillis) {
    this.feed = feed;
    this.lines = lines;
    this.share = share;
    this.early = early;
    this.moments = moments;
    this.pauseMillis = pauseMillis;
  }

  /** Feeds all of them and waits until the feed has ended. */
  void run() throws InterruptedException {
    try (OutputStream input = feed.input()) {
      for (int i = 0; i < lines.size(); i++) {
        awaitTurn(i);
        input.write((lines.get(i) + "\n").getBytes(StandardCharsets.UTF_8));
        input.flush();
        moments.pass(0, pauseMillis);
      }
    } catch (IOException e) {
      throw new AssertionError("the feed reads no more: " + feed.output(), e);
    }
    if (!feed.awaitEnd(LAST_LINES)) {
      throw new AssertionError(
          "the feed has not ended %s after its last line: %s".formatted(LAST_LINES, feed.output()));
    }
    int status = feed.awaitEnd();
    if (status != 0) {
      throw new AssertionError(
          "the feed ended with status %d: %s".formatted(status, feed.output()));
    }
  }

  private void awaitTurn(int line) throws InterruptedException {
    while (line >= lines.size() * share.getAsDouble()) {
      if (early.getAsBoolean()) {
        moments.pass(EARLY_PAUSE_MILLIS, EARLY_PAUSE_MILLIS);
        return;
      }
      moments.pass(100, 100);
    }
  }
}
