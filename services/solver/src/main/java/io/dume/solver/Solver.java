package io.dume.solver;

import io.dume.router.RouterHistory;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PolicyChosen;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.solver.RouterMessages.Keyed;
import io.dume.solver.RouterMessages.Solved;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service that turns the cuts of one router into versions. Start as many as you like: one is
 * active, the others stand by and take over, with the next number, when it ends.
 *
 * <p>Cuts of the fit that serves give versions. Those of another are passed over if nobody asked
 * for them, and refused if somebody did: they come late, after the router was moved to another fit.
 *
 * <p>Memory: (threads + 2) (d + 1)² doubles outside of the heap with OpenBLAS, twice that on the
 * heap with EJML, and the router itself. Where λ is to be chosen by held-out tokens: another
 * (threads + 2) (d + 1)² doubles on the heap, and the router once for each candidate.
 *
 * <p>One thread calls {@link #run}; any thread may {@link #stop} and {@link #close}.
 */
public final class Solver implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Solver.class);
  private static final long MAX_SET_ASIDE_BYTES = 32L << 20;
  private static final Duration IDLE_POLL = Duration.ofMillis(250);

  private final SolverConfig config;
  private final Clock clock;
  private final AtomicBoolean started = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean stopping;
  private volatile boolean active;

  // All of these belong to the thread in run().
  private final Deque<ConsumerRecord<byte[], byte[]>> waiting = new ArrayDeque<>();
  private final SetAside deadLetters = new SetAside(MAX_SET_ASIDE_BYTES);
  private Optional<Publisher> publisher = Optional.empty();

  /** What was solved last, by whichever solver, to compare the next cut's tokens with. */
  private Optional<EarlierGates> earlier = Optional.empty();

  /**
   * A solver that does nothing until it runs.
   *
   * @param config what it needs to know
   * @param clock for the times in versions and refusals
   */
  public Solver(SolverConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
  }

  /**
   * Works until {@link #stop} is called. Can be called once.
   *
   * @throws io.dume.schemas.control.IncompatibleFitException if the fit is solved in a numeric
   *     profile that this solver can't or must not work in
   * @throws IllegalStateException if topics are missing, or a library fails
   * @throws org.apache.kafka.common.KafkaException if the cluster refuses
   */
  public void run() {
    if (!started.compareAndSet(false, true)) {
      throw new IllegalStateException("a solver runs once: make a new one");
    }
    try {
      requireTopics();
      String name = Publisher.clientId(config);
      try (ControlLog control = new ControlLog(config.kafka(), config.topics());
          CutSubscription cuts = new CutSubscription(config);
          CutSolver cutSolver = new CutSolver(name, config.threads(), config.intercept());
          LayerStatisticsReader reader =
              new LayerStatisticsReader(
                  config.kafka(),
                  config.topics(),
                  name + "-statistics",
                  config.statisticsTimeout(),
                  (record, problem) -> setAside(cuts, record, problem))) {
        while (!stopping) {
          workOrStandBy(control, cuts, cutSolver, reader);
        }
      } finally {
        standBy();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      LOG.info("solver of router {} interrupted", config.router());
    } finally {
      ended.countDown();
    }
  }

  private void requireTopics() throws InterruptedException {
    try (Admin admin = Admin.create(config.kafka().admin())) {
      Topics topics = config.topics();
      for (String topic :
          List.of(
              topics.control(), topics.cuts(), topics.layerStatistics(), topics.routerVersions())) {
        if (Topics.partitions(admin, topic).isEmpty()) {
          throw new IllegalStateException(
              "topic %s does not exist at %s: create the installation's topics first, or check the"
                      .formatted(topic, config.kafka().bootstrapServers())
                  + " topic prefix");
        }
      }
    }
  }

  private void workOrStandBy(
      ControlLog control, CutSubscription cuts, CutSolver cutSolver, LayerStatisticsReader reader)
      throws InterruptedException {
    try {
      List<ConsumerRecord<byte[], byte[]>> records = cuts.poll(IDLE_POLL);
      if (!cuts.assigned()) {
        standBy();
        return;
      }
      if (publisher.isEmpty() || cuts.reassigned()) {
        takeOver(control, cuts, reader);
        return;
      }
      waiting.addAll(records);
      while (!waiting.isEmpty() && !stopping) {
        next(control, cuts, cutSolver, reader);
      }
    } catch (RuntimeException e) {
      // Not only the publisher meets a cluster that does not answer: so do all that read.
      RuntimeException failure = Abandonment.of(e);
      if (!(failure instanceof AbandonedException)) {
        throw failure;
      }
      LOG.info("router {}: {}; nothing of it was published", config.router(), failure.getMessage());
      LOG.debug("abandoned", failure);
      standBy();
      if (!stopping) {
        cuts.rejoin();
      }
    }
  }

  private void standBy() {
    active = false;
    waiting.clear();
    deadLetters.clear();
    earlier = Optional.empty();
    publisher.ifPresent(Publisher::close);
    publisher = Optional.empty();
  }

  private void takeOver(ControlLog control, CutSubscription cuts, LayerStatisticsReader reader) {
    standBy();
    Publisher taken = Publisher.takeOver(config);
    publisher = Optional.of(taken);
    Optional<LastSolved> last = lastSolved();
    earlier = last.flatMap(solved -> EarlierGates.of(solved.version()));
    control.catchUp();
    Optional<Fit> serving = control.state().fit(config.router());
    last.flatMap(solved -> solved.interceptProblem(serving, config.intercept()))
        .ifPresent(problem -> LOG.warn("router {}: {}", config.router(), problem));
    CutSubscription.Committed committed = cuts.seekToCommitted();
    taken.stayAbove(committed.lastVersion());
    reader.seek(committed.positions());
    active = true;
    LOG.info(
        "active solver of router {}; the next version is {}", config.router(), taken.nextVersion());
  }

  private Optional<LastSolved> lastSolved() {
    try (RouterHistory history =
        RouterHistory.open(config.kafka(), config.topics(), config.router())) {
      return LastSolved.in(history);
    }
  }

  private void next(
      ControlLog control, CutSubscription cuts, CutSolver cutSolver, LayerStatisticsReader reader)
      throws InterruptedException {
    waiting.addAll(cuts.heartbeat());
    ConsumerRecord<byte[], byte[]> record = waiting.remove();
    Optional<Cut> decoded = decode(cuts, record);
    List<Keyed> messages = List.of();
    if (decoded.isPresent() && decoded.get().getRouter().equals(config.router())) {
      Cut cut = decoded.get();
      if (superseded(cut)) {
        LOG.info("router {}: cut {} is passed over for a newer one", config.router(), cut.getCut());
      } else {
        messages = outcome(cut, control, cuts, cutSolver, reader);
      }
    }
    if (messages.isEmpty() && deadLetters.isEmpty() && !waiting.isEmpty()) {
      return;
    }
    Map<TopicPartition, Long> positions = new HashMap<>(reader.positions());
    positions.put(cuts.partition(), record.offset() + 1);
    Publisher current = publisher.orElseThrow();
    current.publish(messages, deadLetters.letters(), positions, cuts.groupMetadata());
    deadLetters.clear();
    messages.forEach(Solver::log);
  }

  private static void log(Keyed keyed) {
    if (keyed.message() instanceof RouterVersion version) {
      LOG.info(
          "router {}: version {} from cut {}",
          version.getRouter(),
          version.getVersion(),
          version.getCut());
    } else if (keyed.message() instanceof CutRefused refused) {
      LOG.warn(
          "router {}: cut {} refused: {}",
          refused.getRouter(),
          refused.getCut(),
          refused.getReason());
    }
  }

  private Optional<Cut> decode(CutSubscription cuts, ConsumerRecord<byte[], byte[]> record) {
    try {
      return Optional.of(Received.cut(record));
    } catch (MalformedMessageException e) {
      setAside(cuts, record, e.getMessage());
      return Optional.empty();
    }
  }

  /** A cut that somebody asked for is never passed over. */
  private boolean superseded(Cut cut) {
    return cut.getRequests().isEmpty()
        && anyWaiting(
            later ->
                later.getRouter().equals(cut.getRouter())
                    && later.getFit().equals(cut.getFit())
                    && later.getRequests().isEmpty()
                    && later.getCut() > cut.getCut());
  }

  private boolean announced(CutSubscription cuts, Id fit, long number) {
    Predicate<Cut> same = cut -> cut.getFit().equals(fit) && cut.getCut() == number;
    if (anyWaiting(same)) {
      return true;
    }
    try {
      waiting.addAll(cuts.catchUp());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AbandonedException("interrupted", e);
    }
    return anyWaiting(same);
  }

  private boolean anyWaiting(Predicate<Cut> wanted) {
    for (ConsumerRecord<byte[], byte[]> record : waiting) {
      try {
        Cut cut = Received.cut(record);
        if (wanted.test(cut)) {
          return true;
        }
      } catch (MalformedMessageException e) {
        // It goes to dead-letters when its turn comes.
        LOG.debug("{} offset {} is no cut", record.topic(), record.offset(), e);
      }
    }
    return false;
  }

  private List<Keyed> outcome(
      Cut cut,
      ControlLog control,
      CutSubscription cuts,
      CutSolver cutSolver,
      LayerStatisticsReader reader)
      throws InterruptedException {
    control.catchUp();
    try {
      Fit fit = ServingFit.require(control.state(), cut);
      LambdaChoice choice = CutSolver.choice(cut, config.lambda());
      CutSolver.requireSolvable(cut, fit, choice);
      SolveProfiles.Agreed agreed =
          SolveProfiles.agree(control, fit, config.factorisation(), config.mixed());
      CutSolution solution =
          cutSolver.solve(
              cut,
              choice,
              earlier,
              agreed.profile(),
              reader::read,
              () -> {
                waiting.addAll(cuts.heartbeat());
                if (stopping) {
                  throw new AbandonedException("stopped during cut " + cut.getCut());
                }
                control.poll(Duration.ZERO);
                ServingFit.require(control.state(), cut);
              },
              (ofFit, number) -> announced(cuts, ofFit, number));
      boolean mixed = agreed.mixed() || control.state().mixed(fit.getId());
      long version = publisher.orElseThrow().nextVersion();
      // Should it not be published, standing by forgets it.
      earlier = Optional.of(EarlierGates.of(version, cut, solution));
      return RouterMessages.version(
          new Solved(
              cut,
              fit,
              solution,
              agreed.profile(),
              mixed,
              config.intercept(),
              control.state().policy(config.router()).map(PolicyChosen::getPolicy)),
          version,
          config.partBytes(),
          now());
    } catch (UnsolvableException e) {
      if (cut.getRequests().isEmpty() && !ServingFit.isOf(control.state(), cut)) {
        LOG.info(
            "router {}: cut {} of fit {} is passed over: {}",
            config.router(),
            cut.getCut(),
            Ids.hex(cut.getFit()),
            e.getMessage());
        return List.of();
      }
      return List.of(RouterMessages.refusal(cut, e.getMessage(), now()));
    }
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  /**
   * Keeps a record for the transaction of the cut that is being worked on, or, where there are too
   * many to keep, publishes what there is at once. That commits no positions: should the cut have
   * to be read again, these letters come twice, but no layer is lost.
   */
  private void setAside(
      CutSubscription cuts, ConsumerRecord<byte[], byte[]> record, String problem) {
    deadLetters.add(record, problem, now());
    if (deadLetters.full()) {
      publisher
          .orElseThrow()
          .publish(List.of(), deadLetters.letters(), Map.of(), cuts.groupMetadata());
      deadLetters.clear();
    }
  }

  /**
   * Whether this instance is the one that publishes.
   *
   * @return false while it stands by
   */
  public boolean active() {
    return active;
  }

  /** Tells {@link #run} to end soon; a cut that is not published yet is left to the next solver. */
  public void stop() {
    stopping = true;
  }

  /** Stops, and waits until {@link #run}, if it was called, has ended. Idempotent. */
  @Override
  public void close() {
    stop();
    if (started.get()) {
      try {
        ended.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
