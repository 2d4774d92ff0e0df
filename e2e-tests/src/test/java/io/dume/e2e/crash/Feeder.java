package io.dume.e2e.crash;

import io.dume.e2e.DumeProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * Hands lines of JSON to a {@code dume feed} in step with the faults, so that it feeds all along.
 */
final class Feeder {
  private final DumeProcess feed;
  private final List<String> lines;
  private final DoubleSupplier share;
  private final Moments moments;
  private final int pauseMillis;

  /**
   * @param feed reads its standard input
   * @param share of the lines that may have been fed by now, from 0 to 1 and more
   * @param pauseMillis the longest pause between two lines
   */
  Feeder(
      DumeProcess feed,
      List<String> lines,
      DoubleSupplier share,
      Moments moments,
      int pauseMillis) {
    this.feed = feed;
    this.lines = lines;
    this.share = share;
    this.moments = moments;
    this.pauseMillis = pauseMillis;
  }

  /** Feeds all of them and waits until the feed has ended. */
  void run() throws InterruptedException {
    try (OutputStream input = feed.input()) {
      for (int i = 0; i < lines.size(); i++) {
        while (i >= lines.size() * share.getAsDouble()) {
          moments.pass(100, 100);
        }
        input.write((lines.get(i) + "\n").getBytes(StandardCharsets.UTF_8));
        input.flush();
        moments.pass(0, pauseMillis);
      }
    } catch (IOException e) {
      throw new AssertionError("the feed reads no more: " + feed.output(), e);
    }
    int status = feed.awaitEnd();
    if (status != 0) {
      throw new AssertionError(
          "the feed ended with status %d: %s".formatted(status, feed.output()));
    }
  }
}
