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
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads the statistics of cuts, one after the other in the order of their numbers. While layers are
 * small all partitions are read at once. Where they are large a partition is begun when the one
 * before is at its last layer, so that at most two layers are being put together at any time and
 * the end of a partition is no time to wait. Not thread-safe.
 */
final class LayerStatisticsReader implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);

  private static final long SMALL_BYTES = 64L << 20;

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
  interface Sink<P extends MatrixPlace> {
    void accept(FoldedLayer<P> layer) throws UnsolvableException;
  }

  private final long smallBytes;
  private final String topic;
  private final Duration timeout;
  private final BiConsumer<ConsumerRecord<byte[], byte[]>, String> unreadable;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Map<TopicPartition, Long> positions = new HashMap<>();

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
    this(kafka, topics, clientId, timeout, unreadable, SMALL_BYTES);
  }

  /**
   * @param smallBytes what may be put together at the same time, if it is more than two layers
   */
  LayerStatisticsReader(
      KafkaSettings kafka,
      Topics topics,
      String clientId,
      Duration timeout,
      BiConsumer<ConsumerRecord<byte[], byte[]>, String> unreadable,
      long smallBytes) {
    this.smallBytes = smallBytes;
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
                // The system's own, which grows: with 64 KiB reading took twice the processor time.
                "receive.buffer.bytes",
                "-1",
                "max.poll.records",
                "32",
                // A partition that is begun waits until a fetch that knows nothing of it has ended.
                // There are fetches only while a cut is read, so few are in vain.
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
   * @param places gives a place for the A of each layer
   * @param sink gets each layer when all of it came, in no certain order, with its place
   * @param heartbeat called at least every few hundred milliseconds
   * @param announced asked about cuts of higher numbers
   * @param <P> where A is put together
   * @throws UnsolvableException if a layer failed, is broken, is gone or does not come
   */
  <P extends MatrixPlace> void read(
      Cut cut,
      boolean keepHeldOut,
      Supplier<P> places,
      Sink<P> sink,
      Heartbeat heartbeat,
      Announced announced)
      throws UnsolvableException {
    CutShape shape = CutShape.of(cut);
    Map<TopicPartition, Layers<P>> unread = new LinkedHashMap<>();
    CutShape.layersByPartition(cut)
        .forEach(
            (partition, layers) ->
                unread.put(
                    new TopicPartition(topic, partition),
                    new Layers<>(
                        cut, shape, keepHeldOut, places, new TreeSet<>(layers), sink, announced)));
    assign(unread.keySet());
    read(unread, shape, heartbeat);
  }

  /** From where it was left off, nothing being read yet. */
  private void assign(Set<TopicPartition> partitions) {
    consumer.assign(partitions);
    for (TopicPartition partition : partitions) {
      Long position = positions.get(partition);
      if (position == null) {
        consumer.seekToBeginning(List.of(partition));
      } else {
        consumer.seek(partition, position);
      }
    }
    consumer.pause(partitions);
  }

  private <P extends MatrixPlace> void read(
      Map<TopicPartition, Layers<P>> unread, CutShape shape, Heartbeat heartbeat)
      throws UnsolvableException {
    Deque<TopicPartition> later = new ArrayDeque<>(unread.keySet());
    Map<TopicPartition, Layers<P>> begun = new HashMap<>();
    long matrix = (long) shape.size() * shape.size() * Double.BYTES;
    boolean small = matrix * unread.size() <= smallBytes;
    long lastNews = System.nanoTime();
    while (!unread.isEmpty()) {
      while (!later.isEmpty()
          && (small
              || begun.isEmpty()
              || begun.size() == 1 && begun.values().iterator().next().atLast())) {
        TopicPartition next = later.remove();
        begun.put(next, unread.get(next));
        consumer.resume(List.of(next));
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        TopicPartition partition = new TopicPartition(record.topic(), record.partition());
        Layers<P> layers = begun.get(partition);
        if (layers == null) {
          // What stands behind the last layer is left for another cut.
          continue;
        }
        if (layers.take(record)) {
          lastNews = System.nanoTime();
        }
        positions.put(partition, record.offset() + 1);
        if (layers.missing.isEmpty()) {
          begun.remove(partition);
          unread.remove(partition);
          consumer.pause(List.of(partition));
        }
      }
      heartbeat.beat();
      if (System.nanoTime() - lastNews > timeout.toNanos()) {
        throw new UnsolvableException(
            "the statistics of layers %s did not arrive within %s: is the accumulator running?"
                .formatted(missing(unread.values()), timeout));
      }
    }
  }

  private static <P extends MatrixPlace> Set<Integer> missing(Collection<Layers<P>> unread) {
    Set<Integer> missing = new TreeSet<>();
    unread.forEach(layers -> missing.addAll(layers.missing));
    return missing;
  }

  /** The layers of a cut in one partition. */
  private final class Layers<P extends MatrixPlace> {
    private final Cut cut;
    private final CutShape shape;
    private final boolean keepHeldOut;
    private final Supplier<P> places;
    private final TreeSet<Integer> missing;
    private final Sink<P> sink;
    private final Announced announced;
    private Optional<LayerAssembly<P>> open = Optional.empty();
    private int openLayer;
    private boolean news;

    Layers(
        Cut cut,
        CutShape shape,
        boolean keepHeldOut,
        Supplier<P> places,
        TreeSet<Integer> missing,
        Sink<P> sink,
        Announced announced) {
      this.cut = cut;
      this.shape = shape;
      this.keepHeldOut = keepHeldOut;
      this.places = places;
      this.missing = missing;
      this.sink = sink;
      this.announced = announced;
    }

    /** Whether no other layer begins in this partition. */
    boolean atLast() {
      return missing.size() == 1;
    }

    /** Takes the next record; tells whether it was one of the fit's. */
    boolean take(ConsumerRecord<byte[], byte[]> record) throws UnsolvableException {
      news = false;
      takeMessage(record);
      return news;
    }

    private void takeMessage(ConsumerRecord<byte[], byte[]> record) throws UnsolvableException {
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
          FoldedLayer<P> layer = assembly(complete.getLayer()).complete(complete);
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

    private LayerAssembly<P> assembly(int layer) throws UnsolvableException {
      if (open.isEmpty()) {
        open = Optional.of(new LayerAssembly<>(shape, layer, places.get(), keepHeldOut));
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
