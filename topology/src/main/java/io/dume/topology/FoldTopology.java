package io.dume.topology;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import io.dume.topology.fold.FoldConfig;
import java.util.List;
import java.util.function.Function;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/**
 * The application that adds up.
 *
 * <pre>
 *                          staging  A  b  fold-meta
 *                              ▲    ▲  ▲      ▲
 *                              └────┴┬─┴──────┘
 *   partial-statistics ────────▶ FOLD ────┬─▶ layer-statistics (same partition)
 *   (tiles and orders)                    ├─▶ control (a fit that must stop)
 *                                         └─▶ dead-letters
 * </pre>
 *
 * <p>What it holds, each with a test:
 *
 * <ul>
 *   <li>A flush is added whole, after everything that its manifest promised was checked, or the fit
 *       stops in every layer; a cut never sees part of one.
 *   <li>Sums are integers in slots of their own, so a slot that is taken away leaves no trace in
 *       the others, and held-out tokens never meet those that routers are made of.
 *   <li>Orders that come twice change nothing; those about a fit that was forgotten go to
 *       dead-letters.
 * </ul>
 *
 * <p>A layer belongs to one partition and so to one task: no sum is ever shared between threads,
 * and layers spread over instances. Tiles and the orders about them come through one partition, so
 * a task never waits for anything; a tile that is missing when its order comes can't be on its way
 * any more and stops the fit.
 *
 * <p>Staging is a store of its own beside the sums: a tile is put there, and deleted when it is
 * added, mostly within one commit, where the record cache leaves nothing of both to write. A cut is
 * read here, on the stream thread between two records, and not through interactive queries, which
 * would race with the additions. It is written in the transaction of the additions before it, and
 * then a commit is asked for, so cuts do not wait for the long commit interval.
 */
public final class FoldTopology {
  /** The source of tiles and orders. */
  public static final String SOURCE = "tiles-and-orders";

  /** The processor. */
  public static final String FOLD = "fold";

  /** The store of tiles whose flush has not been applied. */
  public static final String STAGING = "staging";

  /** The store of the sums of A. */
  public static final String GRAM = "A";

  /** The store of the sums of b. */
  public static final String TARGET = "b";

  /** The store of how far each fit has come and of open flushes. */
  public static final String META = "fold-meta";

  /** The sink of cuts' layers. */
  public static final String LAYERS = "layers";

  /** The sink into the control log. */
  public static final String CONTROL = "stopped-fits";

  /** The sink of what does not count. */
  public static final String DEAD_LETTERS = "fold-dead-letters";

  private FoldTopology() {}

  /**
   * Builds the topology.
   *
   * @param config partitions and patience
   * @param topics the installation
   * @return a topology with one sub-topology
   */
  public static Topology build(FoldConfig config, Topics topics) {
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
      FoldConfig config, Topics topics, Function<DeadLetter, byte[]> lettersAs) {
    Topology topology =
        new Topology()
            .addSource(
                AutoOffsetReset.earliest(),
                SOURCE,
                Arrivals.anyTimestamp(),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer(),
                topics.partialStatistics())
            .addProcessor(FOLD, () -> new FoldProcessor(config, lettersAs), SOURCE);
    for (String store : List.of(STAGING, GRAM, TARGET, META)) {
      topology.addStateStore(
          Stores.keyValueStoreBuilder(
                  Stores.persistentKeyValueStore(store), Serdes.Bytes(), Serdes.ByteArray())
              .withCachingEnabled(),
          FOLD);
    }
    return topology
        .addSink(
            LAYERS,
            topics.layerStatistics(),
            new ByteArraySerializer(),
            Addressed.serializer(),
            Addressed.partitioner(),
            FOLD)
        .addSink(
            CONTROL,
            topics.control(),
            new ByteArraySerializer(),
            Addressed.serializer(),
            Addressed.partitioner(),
            FOLD)
        .addSink(
            DEAD_LETTERS,
            topics.deadLetters(),
            new ByteArraySerializer(),
            Addressed.serializer(),
            Addressed.partitioner(),
            FOLD);
  }
}
