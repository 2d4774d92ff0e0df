package io.dume.accumulator;

import static org.awaitility.Awaitility.await;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import io.dume.topology.synthetic.LayersOfCut;
import io.dume.topology.synthetic.SyntheticFlush;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The topics of one test, seen from outside: a worker, a solver, whoever writes the control log.
 */
final class Installation implements AutoCloseable {
  private final Topics topics;
  private final KafkaProducer<byte[], byte[]> worker;
  private final KafkaProducer<byte[], byte[]> anybody;
  private final KafkaConsumer<byte[], byte[]> solver;
  private final List<SpecificRecord> layers = new ArrayList<>();
  private final List<SpecificRecord> cuts = new ArrayList<>();
  private final List<SpecificRecord> deadLetters = new ArrayList<>();

  /** The topics must exist. */
  Installation(KafkaSettings kafka, Topics topics, int statisticsPartitions) {
    this.topics = topics;
    this.worker =
        new KafkaProducer<>(
            kafka.producer(
                Map.of(
                    "transactional.id",
                    topics.prefix() + "worker",
                    "max.request.size",
                    Topics.MAX_MESSAGE_BYTES)),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    worker.initTransactions();
    this.anybody =
        new KafkaProducer<>(
            kafka.producer(Map.of("max.request.size", Topics.MAX_MESSAGE_BYTES)),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    this.solver =
        new KafkaConsumer<>(
            kafka.consumer(
                Map.of("isolation.level", "read_committed", "auto.offset.reset", "earliest")),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    List<TopicPartition> partitions = new ArrayList<>();
    partitions.add(new TopicPartition(topics.cuts(), 0));
    partitions.add(new TopicPartition(topics.deadLetters(), 0));
    for (int p = 0; p < statisticsPartitions; p++) {
      partitions.add(new TopicPartition(topics.layerStatistics(), p));
    }
    solver.assign(partitions);
    solver.seekToBeginning(partitions);
  }

  void control(SpecificRecord... records) throws InterruptedException, ExecutionException {
    for (SpecificRecord record : records) {
      send(topics.control(), Wire.encode(record));
    }
  }

  void send(String topic, byte[] value) throws InterruptedException, ExecutionException {
    anybody.send(new ProducerRecord<>(topic, 0, null, value)).get();
  }

  /** A whole flush in one transaction; gives when it was committed, in nanoseconds. */
  long commit(Fit fit, SyntheticFlush flush) {
    worker.beginTransaction();
    tiles(fit, flush);
    worker.send(
        new ProducerRecord<>(
            topics.flushManifests(),
            0,
            flush.manifest().getFlush().bytes(),
            Wire.encode(flush.manifest())));
    worker.commitTransaction();
    return System.nanoTime();
  }

  /** A flush whose transaction ends badly. */
  void abort(Fit fit, SyntheticFlush flush) {
    worker.beginTransaction();
    tiles(fit, flush);
    worker.abortTransaction();
  }

  private void tiles(Fit fit, SyntheticFlush flush) {
    for (StatisticsTile tile : flush.tiles()) {
      int partition = Ids.partition(fit.getId(), tile.getLayer(), fit.getStatisticsPartitions());
      worker.send(
          new ProducerRecord<>(
              topics.partialStatistics(), partition, SyntheticFlush.key(tile), Wire.encode(tile)));
    }
  }

  private void poll() {
    solver
        .poll(Duration.ofMillis(20))
        .forEach(
            record -> {
              SpecificRecord message = decode(record.value());
              if (record.topic().equals(topics.cuts())) {
                cuts.add(message);
              } else if (record.topic().equals(topics.deadLetters())) {
                deadLetters.add(message);
              } else {
                layers.add(message);
              }
            });
  }

  private static SpecificRecord decode(byte[] bytes) {
    try {
      return Wire.decode(bytes);
    } catch (MalformedMessageException e) {
      throw new AssertionError("the accumulator wrote what nobody can read", e);
    }
  }

  private void pollUntil(Predicate<Installation> condition) {
    await()
        .atMost(Duration.ofSeconds(90))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .until(
            () -> {
              poll();
              return condition.test(this);
            });
  }

  /** Reads until every layer of a cut has ended. */
  LayersOfCut awaitCut(Fit fit, long number) {
    pollUntil(i -> i.layers.stream().filter(m -> ends(m, number)).count() == fit.getLayers());
    LayersOfCut cut = new LayersOfCut(fit, number);
    layers.forEach(cut::take);
    return cut;
  }

  private static boolean ends(SpecificRecord message, long number) {
    return message instanceof LayerComplete complete && complete.getCut() == number
        || message instanceof LayerFailed failed && failed.getCut() == number;
  }

  List<SpecificRecord> awaitCuts(int count) {
    pollUntil(i -> i.cuts.size() >= count);
    return cuts;
  }

  List<SpecificRecord> awaitDeadLetters(int count) {
    pollUntil(i -> i.deadLetters.size() >= count);
    return deadLetters;
  }

  @Override
  public void close() {
    worker.close(Duration.ofSeconds(5));
    anybody.close(Duration.ofSeconds(5));
    solver.close();
  }
}
