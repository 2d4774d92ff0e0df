package io.dume.router;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.MessageFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What became of the cuts of one router: its versions, the refusals, and any version's weights.
 *
 * <p>It stands at the end of the log when it is opened, and {@link #next} follows from there;
 * {@link #list} reads everything from the beginning and leaves it at the end again. One thread
 * reads; any thread may {@link #close}.
 */
public final class RouterHistory implements AutoCloseable {
  /** A version a microsecond for centuries. */
  private static final long LARGEST_NUMBER = 1L << 53;

  private final RouterVersionsLog log;
  private final String router;
  private RouterAssembler following;
  private long stand;

  private RouterHistory(RouterVersionsLog log, String router) {
    this.log = log;
    this.router = router;
    this.following = assembler();
    this.stand =
        read(
            () -> {
              long end = log.end();
              log.seek(end);
              return end;
            });
  }

  private RouterAssembler assembler() {
    return new RouterAssembler(router, log.format(), RouterAssembler.MAX_PENDING_BYTES);
  }

  /**
   * Opens the history of a router, standing at the end.
   *
   * @param kafka how to reach the cluster
   * @param topics the installation
   * @param router the router's name
   * @return the history
   * @throws IllegalStateException if the topic does not exist
   */
  public static RouterHistory open(KafkaSettings kafka, Topics topics, String router) {
    RouterVersionsLog log = new RouterVersionsLog(kafka, topics, router);
    try {
      return new RouterHistory(log, router);
    } catch (RuntimeException e) {
      log.close();
      throw e;
    }
  }

  /**
   * All versions and refusals there are; {@link #next} goes on after them.
   *
   * @return the events, oldest first
   */
  public List<RouterEvent> list() {
    return read(
        () -> {
          following = assembler();
          List<RouterEvent> events = new ArrayList<>();
          long end = log.end();
          log.scan(log.beginning(), end, record -> event(record).ifPresent(events::add));
          stand = end;
          return events;
        });
  }

  /**
   * Waits for what comes after what was read last.
   *
   * @param timeout how long to wait
   * @return one or more events, or none if the time is over or the history was closed meanwhile
   */
  public List<RouterEvent> next(Duration timeout) {
    requireOpen();
    return log.read(() -> await(timeout)).orElse(List.of());
  }

  private List<RouterEvent> await(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    List<RouterEvent> events = new ArrayList<>();
    if (log.position() != stand) {
      log.seek(stand);
    }
    while (events.isEmpty()) {
      long left = deadline - System.nanoTime();
      log.poll(Duration.ofNanos(Math.max(0, left)), record -> event(record).ifPresent(events::add));
      stand = log.position();
      if (left <= 0) {
        break;
      }
    }
    return events;
  }

  private Optional<RouterEvent> event(ConsumerRecord<byte[], byte[]> record) {
    return following
        .accept(RouterVersionsLog.where(record), RouterVersionsLog.value(record))
        .flatMap(
            arrival -> {
              if (arrival instanceof RouterAssembler.Arrival.Whole whole) {
                return Optional.of(new RouterEvent.Published(whole.router().description()));
              }
              if (arrival instanceof RouterAssembler.Arrival.Refused refused) {
                return Optional.of(new RouterEvent.Refused(refused.refusal()));
              }
              return Optional.empty();
            });
  }

  /**
   * The newest version, without reading more than needed.
   *
   * @return the router, or nothing while there is none
   */
  public Optional<Router> newest() {
    return search(version -> true);
  }

  /**
   * One version.
   *
   * @param number its number
   * @return the router, or nothing if there is no such version or it is not whole
   */
  public Optional<Router> version(long number) {
    return search(version -> version.getVersion() == number);
  }

  /**
   * What one version says of itself.
   *
   * @param number its number
   * @return all but the weights, which were there and verified; or nothing if there is no such
   *     version or it is not whole
   */
  public Optional<RouterVersion> description(long number) {
    return version(number).map(Router::description);
  }

  /**
   * The version before another.
   *
   * @param number the later one's number, whether or not it is there
   * @return the router with the highest number below, of those that are whole; or nothing if it was
   *     the first
   */
  public Optional<Router> before(long number) {
    return search(version -> version.getVersion() < number);
  }

  /**
   * What the version before another says of itself, to tell what changed.
   *
   * @param number the later one's number, whether or not it is there
   * @return the description of the version with the highest number below, of those that are whole;
   *     or nothing if it was the first
   */
  public Optional<RouterVersion> descriptionBefore(long number) {
    return before(number).map(Router::description);
  }

  /**
   * What versions say of themselves, from the newest back to one that is enough, without reading
   * more than needed.
   *
   * @param enough whether none before this one has to be read
   * @return descriptions of versions that are whole, in the order in which they were published: at
   *     least all since the newest that is enough, or all there are if none is
   */
  public List<RouterVersion> descriptionsBackTo(Predicate<RouterVersion> enough) {
    return read(
        () ->
            log.scanBackwards(
                    log.end(),
                    () -> new Descriptions(assembler()),
                    window -> window.versions.stream().anyMatch(enough))
                .versions);
  }

  private static final class Descriptions implements Consumer<ConsumerRecord<byte[], byte[]>> {
    private final RouterAssembler assembler;
    private final List<RouterVersion> versions = new ArrayList<>();

    Descriptions(RouterAssembler assembler) {
      this.assembler = assembler;
    }

    @Override
    public void accept(ConsumerRecord<byte[], byte[]> record) {
      assembler
          .accept(RouterVersionsLog.where(record), RouterVersionsLog.value(record))
          .ifPresent(
              arrival -> {
                if (arrival instanceof RouterAssembler.Arrival.Whole whole) {
                  versions.add(whole.router().description());
                }
              });
    }
  }

  private Optional<Router> search(Predicate<RouterVersion> wanted) {
    return read(
        () ->
            log.scanBackwards(
                    log.end(),
                    () -> new NewestRouter(router, log.format(), wanted),
                    window -> window.newest().isPresent())
                .newest());
  }

  /**
   * The highest version number that was published, whether or not its parts are there: the one that
   * a publisher must stay above. Numbers that no publisher can have reached, below 1 or above 2^53,
   * are forged and do not count: one of them would use up all numbers there are.
   *
   * <p>It looks no further back than the last version, so a forged lower number behind it hides it:
   * a publisher must also remember the number of its own.
   *
   * @return the number, or nothing while there is none
   */
  public OptionalLong highestNumber() {
    return read(
        () ->
            log.scanBackwards(
                    log.end(),
                    () -> new Numbers(router, log.format()),
                    window -> window.highest.isPresent())
                .highest);
  }

  private static boolean plausible(long number) {
    return number >= 1 && number <= LARGEST_NUMBER;
  }

  private static final class Numbers implements Consumer<ConsumerRecord<byte[], byte[]>> {
    private final String router;
    private final MessageFormat format;
    private OptionalLong highest = OptionalLong.empty();

    Numbers(String router, MessageFormat format) {
      this.router = router;
      this.format = format;
    }

    @Override
    public void accept(ConsumerRecord<byte[], byte[]> record) {
      byte[] value = RouterVersionsLog.value(record);
      if (value.length > Topics.MAX_MESSAGE_BYTES) {
        return;
      }
      RouterVersion version;
      try {
        if (!(format.decode(value) instanceof RouterVersion decoded)) {
          return;
        }
        version = decoded;
      } catch (MalformedMessageException e) {
        // Readers of versions report it; it has no number.
        return;
      }
      if (version.getRouter().equals(router) && plausible(version.getVersion())) {
        highest = OptionalLong.of(Math.max(highest.orElse(0), version.getVersion()));
      }
    }
  }

  private <T> T read(Supplier<T> action) {
    requireOpen();
    return log.read(action).orElseThrow(() -> new IllegalStateException("closed while reading"));
  }

  private void requireOpen() {
    if (log.closed()) {
      throw new IllegalStateException("the history is closed");
    }
  }

  @Override
  public void close() {
    log.close();
  }
}
