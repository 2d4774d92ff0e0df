package io.dume.feed;

import io.dume.schemas.kafka.Topics;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends labelled documents to token-batches. One thread calls {@link #send} or {@link #follow}, one
 * call at a time; {@link #stop} may be called from any thread.
 */
public final class Feed implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Feed.class);

  private final FeedConfig config;
  private final RecordCutter cutter;
  private final Consumer<FeedProgress> progress;
  private final Clock clock;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final RecordSender sender;

  /**
   * Connects, and creates topics that are missing.
   *
   * @param config what the feed needs to know
   * @param encoder text to token ids, left open
   * @param domains those that the router knows
   * @param progress gets figures from time to time and at the end, on the thread that feeds
   * @param clock for the pace and the figures
   * @throws InterruptedException if interrupted while topics are created
   * @throws IllegalStateException if topics can't be created
   */
  public Feed(
      FeedConfig config,
      TextEncoder encoder,
      Set<String> domains,
      Consumer<FeedProgress> progress,
      Clock clock)
      throws InterruptedException {
    this.config = config;
    this.cutter = new RecordCutter(encoder, domains, config);
    this.progress = progress;
    this.clock = clock;
    try (Admin admin = Admin.create(config.kafka().admin())) {
      // Else a broker might create a topic by itself, with other settings.
      config.topics().create(admin, config.partitions(), config.kafka().topic());
    }
    this.sender = new RecordSender(config.kafka(), config.topics(), () -> stop.getCount() == 0);
  }

  /**
   * The name of the group that follows a topic unless another is given.
   *
   * @param topics the installation
   * @return the group
   */
  public static String defaultGroup(Topics topics) {
    return topics.prefix() + "feed";
  }

  /**
   * Sends sources to their end, or until told to stop.
   *
   * @param sources one after the other, or in turn if the configuration says so
   * @return what was sent, all of it acknowledged, and what was set aside
   * @throws FeedException if records could not be sent
   * @throws InterruptedException if interrupted while it keeps the pace
   */
  public FeedReport send(List<FeedSource> sources) throws InterruptedException {
    FeedRun run = new FeedRun(sender, config, progress, clock, stop);
    Deque<OpenSource> open = new ArrayDeque<>();
    sources.forEach(source -> open.add(OpenSource.open(source, config, cutter)));
    try {
      while (!open.isEmpty() && !run.stopping()) {
        OpenSource source = open.removeFirst();
        Optional<Reading> reading = source.next();
        if (reading.isEmpty()) {
          close(source);
          continue;
        }
        if (config.interleave()) {
          open.addLast(source);
        } else {
          open.addFirst(source);
        }
        if (reading.get() instanceof Reading.Ready ready) {
          run.send(ready);
        } else if (reading.get() instanceof Reading.Unusable unusable) {
          run.setAside(unusable.document());
        }
      }
      return run.finish();
    } finally {
      open.forEach(Feed::close);
    }
  }

  private static void close(OpenSource source) {
    try {
      source.close();
    } catch (IOException e) {
      // Everything in it has been read.
      LOG.warn("closing a source: {}", e.toString());
    }
  }

  /**
   * Sends the documents of topics, those that are there and those that come, until told to stop.
   * Their values are JSON objects {@code {"domain": …, "id": …, "text": …}}. What can't be used
   * goes to dead-letters too.
   *
   * @param topics to be followed
   * @param group that keeps the position; several feeds of a group share the work
   * @return what was sent, all of it acknowledged, and what was set aside
   * @throws FeedException if records could not be sent, or the topics not read
   * @throws InterruptedException if interrupted while it keeps the pace
   */
  public FeedReport follow(List<String> topics, String group) throws InterruptedException {
    FeedRun run = new FeedRun(sender, config, progress, clock, stop);
    new TopicFollower(config, cutter, sender, run, clock).follow(topics, group);
    return run.finish();
  }

  /** Asks the feed to return after the record in hand, for good. Does not wait. */
  public void stop() {
    stop.countDown();
  }

  /** Stops and disconnects. To be called when {@link #send} or {@link #follow} has returned. */
  @Override
  public void close() {
    stop();
    sender.close();
  }
}
