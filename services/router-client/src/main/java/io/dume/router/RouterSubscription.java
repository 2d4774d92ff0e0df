package io.dume.router;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The versions of one router as they come: the newest at start, then each new one, whole and
 * verified, never an older one.
 *
 * <p>One thread calls {@link #next} or {@link #forEach}; any thread may {@link #close}. A record
 * that can't be used never ends a subscription: it is logged, and {@link #skipped() counted}.
 */
public final class RouterSubscription implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RouterSubscription.class);
  private static final Duration FOR_EACH_POLL = Duration.ofSeconds(1);

  private final RouterVersionsLog log;
  private final Queue<Router> ready = new ArrayDeque<>();
  private final RouterAssembler assembler;
  private long newest;
  private long undelivered;
  private volatile long skipped;

  private RouterSubscription(RouterVersionsLog log, String router) {
    this.log = log;
    NewestRouter start =
        log.read(
                () ->
                    log.scanBackwards(
                        log.end(),
                        () -> new NewestRouter(router, log.format(), version -> true),
                        window -> window.newest().isPresent()))
            .orElseThrow(() -> new IllegalStateException("closed while it was opened"));
    // A version that is not whole in the last window counts only if it is newer than what is: an
    // older one may just have parts that stand before the window.
    long found = start.newest().map(Router::version).orElse(0L);
    start.incomplete().removeIf(gap -> gap.version().getVersion() <= found);
    start.warnOfIncomplete();
    this.assembler = start.assembler();
    this.undelivered = start.incomplete().size();
    this.skipped = assembler.malformed() + undelivered;
    this.newest = found;
    start.newest().ifPresent(ready::add);
  }

  /**
   * Subscribes, and finds the newest version there is.
   *
   * @param kafka how to reach the cluster
   * @param topics the installation
   * @param router the router's name
   * @return the subscription
   * @throws IllegalStateException if the topic does not exist
   */
  public static RouterSubscription open(KafkaSettings kafka, Topics topics, String router) {
    RouterVersionsLog log = new RouterVersionsLog(kafka, topics, router);
    try {
      return new RouterSubscription(log, router);
    } catch (RuntimeException e) {
      log.close();
      throw e;
    }
  }

  /**
   * Waits for the next version.
   *
   * @param timeout how long to wait
   * @return the version, or nothing if none came or the subscription was closed meanwhile
   * @throws IllegalStateException if the subscription was closed before
   */
  public Optional<Router> next(Duration timeout) {
    if (log.closed()) {
      throw new IllegalStateException("the subscription is closed");
    }
    return log.read(() -> await(timeout)).flatMap(found -> found);
  }

  private Optional<Router> await(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (ready.isEmpty()) {
      long left = deadline - System.nanoTime();
      log.poll(Duration.ofNanos(Math.max(0, left)), this::accept);
      if (left <= 0) {
        break;
      }
    }
    return Optional.ofNullable(ready.poll());
  }

  /**
   * Hands each version to an action, in this thread, until the subscription is closed by another.
   *
   * @param action what to do with a version; what it throws ends the loop and comes out here
   */
  public void forEach(Consumer<Router> action) {
    while (!log.closed()) {
      log.read(() -> await(FOR_EACH_POLL)).flatMap(found -> found).ifPresent(action);
    }
  }

  private void accept(ConsumerRecord<byte[], byte[]> record) {
    assembler
        .accept(RouterVersionsLog.where(record), RouterVersionsLog.value(record))
        .ifPresent(this::arrived);
    skipped = assembler.malformed() + undelivered;
  }

  private void arrived(RouterAssembler.Arrival arrival) {
    if (arrival instanceof RouterAssembler.Arrival.Whole whole) {
      if (whole.router().version() > newest) {
        newest = whole.router().version();
        ready.add(whole.router());
      } else {
        undelivered++;
        LOG.warn("{} is not delivered: version {} came before", whole.router(), newest);
      }
    } else if (arrival instanceof RouterAssembler.Arrival.Incomplete gap) {
      undelivered++;
      LOG.warn(
          "router {} version {} is not delivered: {}",
          gap.version().getRouter(),
          gap.version().getVersion(),
          gap.reason());
    }
  }

  /**
   * How much was passed over because it could not be used.
   *
   * @return records that are no message of the topic, and versions that are not whole, do not match
   *     their SHA-256, or are older than one before
   */
  public long skipped() {
    return skipped;
  }

  /** Ends the subscription, also while another thread waits in it. Idempotent. */
  @Override
  public void close() {
    log.close();
  }
}
