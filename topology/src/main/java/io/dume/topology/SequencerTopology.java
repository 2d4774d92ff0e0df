package io.dume.topology;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import io.dume.topology.sequencer.SequencerConfig;
import java.time.Duration;
import java.util.function.Function;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/**
 * The application that puts flushes and cuts into one order.
 *
 * <pre>
 *   flush-manifests ─┐                 ┌─▶ partial-statistics (apply, discard, take away, cut, forget:
 *                    │                 │                       to all partitions)
 *                    ├─▶ SEQUENCER ────┼─▶ cuts
 *   control ─────────┘    │   ▲        ├─▶ control (a fit that must stop)
 *                         ▼   │        └─▶ dead-letters
 *                      sequencer-state
 * </pre>
 *
 * <p>Both sources have one partition, so there is one task and one order, whatever the number of
 * instances; others stand by. It is an application of its own because its orders must not wait for
 * the fold's commits: a tile that is staged in one commit and added in the next is written to the
 * changelog twice. One processor reads both sources, because whether a manifest counts depends on
 * what the control log said.
 *
 * <p>What it holds, each with a test:
 *
 * <ul>
 *   <li>A flush counts once and whole, the same in all partitions, and all of them see the same
 *       orders in the same sequence: flushes, removals and cuts. So a cut is one set of records in
 *       every layer.
 *   <li>A list of experts without a domain takes the domain's sums away in the step that reads it,
 *       before any later order; flushes of it that were on their way count by their positions
 *       alone. What is left is what a fit that never had the domain would hold.
 *   <li>Cuts are made of the fit that serves its router, whichever that is when a request is
 *       answered; after a promotion the first unasked cut waits until the new fit is as far as the
 *       promotion wants, so a router moves over in one version.
 *   <li>A removed fit never counts again. A retired one goes on counting, without cuts.
 * </ul>
 *
 * <p>Orders go back into partial-statistics, behind the tiles that they are about: a worker's
 * transaction has put the tiles there before its manifest can be read. So each partition is a log
 * of everything that its layers need, and the fold needs no second source to wait for.
 */
public final class SequencerTopology {
  /** The source of manifests and control records. */
  public static final String SOURCE = "manifests-and-control";

  /** The processor. */
  public static final String SEQUENCER = "sequencer";

  /** The store of everything that the sequencer must find again. */
  public static final String STATE = "sequencer-state";

  /** The sink of orders to all partitions of partial-statistics. */
  public static final String ORDERS = "orders";

  /** The sink of cuts. */
  public static final String CUTS = "cuts";

  /** The sink into the control log. */
  public static final String CONTROL = "stopped-fits";

  /** The sink of what does not count. */
  public static final String DEAD_LETTERS = "sequencer-dead-letters";

  /** How often it looks whether a cut is due by time. */
  static final Duration TICK = Duration.ofMillis(100);

  private SequencerTopology() {}

  /**
   * Builds the topology.
   *
   * @param config partitions, cuts and patience
   * @param topics the installation
   * @return a topology with one sub-topology
   */
  public static Topology build(SequencerConfig config, Topics topics) {
    return build(config, topics, DeadLetters::encode);
  }

  /**
   * Builds the topology for an installation whose dead letters are in a format of its own.
   *
   * @param config as above
   * @param topics the installation
   * @param lettersAs encodes a dead letter; called on the application's threads
   * @return a topology with one sub-topology
   */
  public static Topology build(
      SequencerConfig config, Topics topics, Function<DeadLetter, byte[]> lettersAs) {
    return new Topology()
        .addSource(
            AutoOffsetReset.earliest(),
            SOURCE,
            Arrivals.anyTimestamp(),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            topics.flushManifests(),
            topics.control())
        .addProcessor(SEQUENCER, () -> new SequencerProcessor(config, topics, lettersAs), SOURCE)
        .addStateStore(
            Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(STATE), Serdes.Bytes(), Serdes.ByteArray()),
            SEQUENCER)
        .addSink(
            ORDERS,
            topics.partialStatistics(),
            new ByteArraySerializer(),
            Addressed.serializer(),
            Addressed.partitioner(),
            SEQUENCER)
        .addSink(
            CUTS,
            topics.cuts(),
            new ByteArraySerializer(),
            Addressed.serializer(),
            Addressed.partitioner(),
            SEQUENCER)
        .addSink(
            CONTROL,
            topics.control(),
            new ByteArraySerializer(),
            Addressed.serializer(),
            Addressed.partitioner(),
            SEQUENCER)
        .addSink(
            DEAD_LETTERS,
            topics.deadLetters(),
            new ByteArraySerializer(),
            Addressed.serializer(),
            Addressed.partitioner(),
            SEQUENCER);
  }
}
