package io.dume.solver;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.wire.MalformedMessageException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads the statistics of cuts, one after the other in the order of their numbers. One partition is
 * read at a time, so only one layer is being put together at any time. Not thread-safe.
 */
final class LayerStatisticsReader implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);

  /** Called often while reading; what it throws ends the reading. */
  @FunctionalInterface
  interface Heartbeat {
    void beat() throws UnsolvableException;
  }

  /** Tells genuine cuts from forged ones. */
  @FunctionalInterface
  interface Announced {
    /**
     * Whether a cut stands in the topic of the cuts, now, after the one that is being read.
     *
     * @param fit its fit
     * @param number its number
     */
    boolean contains(Id fit, long number);
  }

  /** Takes a layer when it is whole. */
  @FunctionalInterface
  interface Sink {
    void accept(FoldedLayer layer) throws UnsolvableException;
  }

  private final String topic;
  private final Duration timeout;
  private final BiConsumer<ConsumerRecord<byte[], byte[]>, String> unreadable;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Map<TopicPartition, Long> positions = new HashMap<>();
  private final Matrices matrices = new Matrices();

  /**
   * @param timeout how long nothing of a fit may arrive before a cut of it is given up
   * @param unreadable takes records that are no message of this topic, with what is wrong
   */
  LayerStatisticsReader(
      KafkaSettings kafka,
      Topics topics,
      String clientId,
      Duration timeout,
      BiConsumer<ConsumerRecord<byte[], byte[]>, String> unreadable) {
    this.topic = topics.layerStatistics();
    this.timeout = timeout;
    this.unreadable = unreadable;
    var properties =
        kafka.reader(
            Map.of(
                "client.id",
                clientId,
                "max.partition.fetch.bytes",
                Integer.toString(8 << 20),
                "max.poll.records",
                "32",
                // Before another partition is read, a fetch that waits for more must end. There are
                // fetches only while a cut is read, so few are in vain.
                "fetch.max.wait.ms",
                "5"));
    this.consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /**
   * Where to go on.
   *
   * @param committed the next position of each partition; the beginning where there is none
   */
  void seek(Map<TopicPartition, Long> committed) {
    consumer.unsubscribe();
    positions.clear();
    positions.putAll(committed);
  }

  /**
   * Takes the arrays of a layer back, for one that is yet to come. Any thread may call it.
   *
   * @param layer nobody may look at it any more
   */
  void giveBack(FoldedLayer layer) {
    matrices.giveBack(layer);
  }

  /** The next position of each partition that was read. */
  Map<TopicPartition, Long> positions() {
    return Map.copyOf(positions);
  }

  /**
   * Reads all layers of a cut.
   *
   * @param cut the cut; of a higher number than the one before
   * @param keepHeldOut whether held-out sums are wanted: they take as much memory as A again; else
   *     they are checked and dropped
   * @param sink gets each layer when all of it came, in no certain order: of each A the upper
   *     triangle
   * @param heartbeat called at least every few hundred milliseconds
   * @param announced asked about cuts of higher numbers
   * @throws UnsolvableException if a layer failed, is broken, is gone or does not come
   */
  void read(Cut cut, boolean keepHeldOut, Sink sink, Heartbeat heartbeat, Announced announced)
      throws UnsolvableException {
    CutShape shape = CutShape.of(cut);
    for (Map.Entry<Integer, Set<Integer>> entry : CutShape.layersByPartition(cut).entrySet()) {
      TopicPartition partition = new TopicPartition(topic, entry.getKey());
      consumer.assign(List.of(partition));
      Long position = positions.get(partition);
      if (position == null) {
        consumer.seekToBeginning(List.of(partition));
      } else {
        consumer.seek(partition, position);
      }
      new Layers(cut, shape, keepHeldOut, new TreeSet<>(entry.getValue()), sink, announced)
          .read(partition, heartbeat);
    }
  }

  /** The layers of a cut in one partition. */
  private final class Layers {
    private final Cut cut;
    private final CutShape shape;
    private final boolean keepHeldOut;
    private final TreeSet<Integer> missing;
    private final Sink sink;
    private final Announced announced;
    private Optional<LayerAssembly> open = Optional.empty();
    private int openLayer;
    private boolean news;

    Layers(
        Cut cut,
        CutShape shape,
        boolean keepHeldOut,
        TreeSet<Integer> missing,
        Sink sink,
        Announced announced) {
      this.cut = cut;
      this.shape = shape;
      this.keepHeldOut = keepHeldOut;
      this.missing = missing;
      this.sink = sink;
      this.announced = announced;
    }

    void read(TopicPartition partition, Heartbeat heartbeat) throws UnsolvableException {
      long lastNews = System.nanoTime();
      while (!missing.isEmpty()) {
        news = false;
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          take(record);
          positions.put(partition, record.offset() + 1);
          if (missing.isEmpty()) {
            return;
          }
        }
        heartbeat.beat();
        if (news) {
          lastNews = System.nanoTime();
        }
        if (System.nanoTime() - lastNews > timeout.toNanos()) {
          throw new UnsolvableException(
              "the statistics of layers %s did not arrive within %s: is the accumulator running?"
                  .formatted(missing, timeout));
        }
      }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) throws UnsolvableException {
      SpecificRecord message;
      try {
        message = Received.message(record);
      } catch (MalformedMessageException e) {
        unreadable.accept(record, e.getMessage());
        return;
      }
      if (message instanceof LayerTile tile) {
        if (ofThisCut(record, tile.getFit(), tile.getCut(), tile.getLayer())) {
          assembly(tile.getLayer()).add(tile);
        }
      } else if (message instanceof LayerTargets targets) {
        if (ofThisCut(record, targets.getFit(), targets.getCut(), targets.getLayer())) {
          assembly(targets.getLayer()).add(targets);
        }
      } else if (message instanceof LayerComplete complete) {
        if (ofThisCut(record, complete.getFit(), complete.getCut(), complete.getLayer())) {
          FoldedLayer layer = assembly(complete.getLayer()).complete(complete);
          open = Optional.empty();
          missing.remove(complete.getLayer());
          sink.accept(layer);
        }
      } else if (message instanceof LayerFailed failed) {
        if (ofThisCut(record, failed.getFit(), failed.getCut(), failed.getLayer())) {
          throw new UnsolvableException(
              "layer %d: %s".formatted(failed.getLayer(), failed.getReason()));
        }
      } else {
        unreadable.accept(
            record, "a %s does not belong here".formatted(message.getClass().getSimpleName()));
      }
    }

    /**
     * Cuts stand in the log in order: a newer one means that this one was there and is gone. A
     * number that no cut has means nothing: taken at its word, one forged record would end every
     * cut below it.
     */
    private boolean ofThisCut(ConsumerRecord<byte[], byte[]> record, Id fit, long number, int layer)
        throws UnsolvableException {
      if (!fit.equals(cut.getFit())) {
        return false;
      }
      if (number > cut.getCut() && !announced.contains(fit, number)) {
        unreadable.accept(record, "statistics of a cut %d that never was".formatted(number));
        return false;
      }
      news = true;
      if (number < cut.getCut()) {
        return false;
      }
      if (number > cut.getCut()) {
        throw new UnsolvableException(
            "the statistics of layers %s are no longer in %s: ask for a new cut"
                .formatted(missing, topic));
      }
      return missing.contains(layer);
    }

    private LayerAssembly assembly(int layer) throws UnsolvableException {
      if (open.isEmpty()) {
        open = Optional.of(new LayerAssembly(shape, layer, keepHeldOut, matrices));
        openLayer = layer;
      } else if (openLayer != layer) {
        throw new UnsolvableException(
            "statistics of layer %d: layer %d began before it was complete"
                .formatted(openLayer, layer));
      }
      return open.get();
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
