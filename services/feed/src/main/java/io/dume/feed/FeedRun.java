package io.dume.feed;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends, counts, keeps the pace and reports progress: what all kinds of sources share. */
final class FeedRun {
  private static final Logger LOG = LoggerFactory.getLogger(FeedRun.class);

  private final RecordSender sender;
  private final Pace pace;
  private final Duration progressInterval;
  private final Consumer<FeedProgress> progress;
  private final Clock clock;
  private final CountDownLatch stop;
  private final Instant start;
  private final Map<String, Long> tokensByDomain = new TreeMap<>();
  private final List<SetAsideDocument> listed = new ArrayList<>();
  private Instant lastReport;
  private long documents;
  private long records;
  private long tokens;
  private long setAside;

  FeedRun(
      RecordSender sender,
      FeedConfig config,
      Consumer<FeedProgress> progress,
      Clock clock,
      CountDownLatch stop) {
    this.sender = sender;
    this.pace = new Pace(config.tokensPerSecond());
    this.progressInterval = config.progressInterval();
    this.progress = progress;
    this.clock = clock;
    this.stop = stop;
    this.start = clock.instant();
    this.lastReport = start;
  }

  boolean stopping() {
    return stop.getCount() == 0;
  }

  /**
   * Sends a record and keeps the pace.
   *
   * @return why it was set aside instead, if it was
   */
  Optional<SetAsideDocument> send(Reading.Ready ready) throws InterruptedException {
    try {
      sender.send(ready.batch());
    } catch (UnusableException e) {
      SetAsideDocument document = e.at(ready.where()).document();
      setAside(document);
      return Optional.of(document);
    }
    count(ready);
    keepPace();
    return Optional.empty();
  }

  private void count(Reading.Ready ready) {
    long count = ready.batch().getSequences().stream().mapToLong(List::size).sum();
    records++;
    tokens += count;
    tokensByDomain.merge(ready.batch().getDomain(), count, Long::sum);
    if (ready.last()) {
      documents++;
    }
  }

  private void keepPace() throws InterruptedException {
    reportWhenDue();
    Duration wait = pace.wait(tokens, elapsed());
    while (!wait.isZero() && !stopping()) {
      // In steps, so that progress goes on.
      long nanos = Math.min(wait.toNanos(), Duration.ofMillis(200).toNanos());
      if (stop.await(nanos, TimeUnit.NANOSECONDS)) {
        return;
      }
      reportWhenDue();
      wait = pace.wait(tokens, elapsed());
    }
  }

  void setAside(SetAsideDocument document) {
    LOG.warn("set aside: {}", document);
    setAside++;
    if (listed.size() < FeedReport.MAX_LISTED) {
      listed.add(document);
    }
    reportWhenDue();
  }

  void reportWhenDue() {
    Instant now = clock.instant();
    if (Duration.between(lastReport, now).compareTo(progressInterval) >= 0) {
      lastReport = now;
      progress.accept(total());
    }
  }

  private Duration elapsed() {
    return Duration.between(start, clock.instant());
  }

  private FeedProgress total() {
    return new FeedProgress(documents, records, tokens, setAside, elapsed());
  }

  /** Waits for all acknowledgements. */
  FeedReport finish() {
    sender.flush();
    FeedProgress total = total();
    progress.accept(total);
    return new FeedReport(total, tokensByDomain, listed, sender.positions());
  }
}
