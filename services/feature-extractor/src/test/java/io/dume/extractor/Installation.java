package io.dume.extractor;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** One test's topics on the shared broker, and what a test does with them. */
final class Installation implements AutoCloseable {
  static final int PARTITIONS = 4;

  private final KafkaSettings kafka;
  private final Topics topics;
  private final KafkaProducer<byte[], byte[]> producer;

  Installation(String bootstrapServers, String name) throws InterruptedException {
    // Members that vanish must not hold up a test for the default 45 seconds.
    this.kafka =
        new KafkaSettings(
            bootstrapServers,
            Map.of("consumer.session.timeout.ms", "6000", "consumer.heartbeat.interval.ms", "500"));
    this.topics = new Topics(name + ".");
    try (Admin admin = Admin.create(kafka.admin())) {
      topics.create(admin, new Topics.Partitions(PARTITIONS, 2), Map.of());
    }
    this.producer =
        new KafkaProducer<>(
            kafka.producer(Map.of("max.request.size", "17000000")),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  KafkaSettings kafka() {
    return kafka;
  }

  Topics topics() {
    return topics;
  }

  FeatureExtractorConfig config(String instance, FlushPolicy flush) {
    return FeatureExtractorConfig.defaults(
            kafka,
            instance,
            FitSettings.of(Batches.CONTEXT)
                .withStatistics(Batches.FRACTION_BITS, Batches.TILE)
                .withLimits(
                    OptionalInt.of(Batches.MAX_SEQUENCE), OptionalInt.of(Batches.MAX_RECORD)))
        .withTopics(topics, Topics.Partitions.DEFAULT)
        .withFlush(flush);
  }

  /** A worker whose group expects a poll so often. */
  FeatureExtractorConfig polling(String instance, FlushPolicy flush, Duration interval) {
    Map<String, String> settings = new HashMap<>(kafka.settings());
    settings.put("consumer.max.poll.interval.ms", Long.toString(interval.toMillis()));
    return FeatureExtractorConfig.defaults(
            new KafkaSettings(kafka.bootstrapServers(), settings),
            instance,
            config(instance, flush).fit())
        .withTopics(topics, Topics.Partitions.DEFAULT)
        .withFlush(flush);
  }

  static FlushPolicy every(Duration interval) {
    return new FlushPolicy(interval, Long.MAX_VALUE, 1 << 20);
  }

  RunningWorker start(String instance, FlushPolicy flush) {
    return RunningWorker.start(config(instance, flush), new TokenFeatures());
  }

  /** Sends a part of the batch's document that belongs into a partition; the same every time. */
  TokenBatch send(int partition, TokenBatch batch) throws InterruptedException, ExecutionException {
    TokenBatch placed = Batches.in(partition, PARTITIONS, batch);
    sendRaw(partition, placed.getId().bytes(), Wire.encode(placed));
    return placed;
  }

  void sendRaw(int partition, byte[] key, byte[] value)
      throws InterruptedException, ExecutionException {
    producer.send(new ProducerRecord<>(topics.tokenBatches(), partition, key, value)).get();
  }

  ControlLog control() {
    return new ControlLog(kafka, topics);
  }

  List<FlushManifest> manifests() {
    return read(topics.flushManifests(), FlushManifest.class);
  }

  List<DeadLetter> deadLetters() {
    return read(topics.deadLetters(), DeadLetter.class);
  }

  private <T extends SpecificRecord> List<T> read(String topic, Class<T> type) {
    var properties = kafka.consumer(Map.of());
    properties.put("isolation.level", "read_committed");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (PartitionInfo info : consumer.partitionsFor(topic)) {
        partitions.add(new TopicPartition(topic, info.partition()));
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      List<T> messages = new ArrayList<>();
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        for (var record : consumer.poll(Duration.ofMillis(100))) {
          messages.add(Wire.decode(record.value(), type));
        }
      }
      return messages;
    } catch (MalformedMessageException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Partition by partition how far the committed flushes go; fails unless their ranges touch from 0
   * on.
   */
  Map<Integer, Long> coveredContiguously() {
    Map<Integer, Long> next = new TreeMap<>();
    for (FlushManifest manifest : manifests()) {
      for (CoveredRange range : manifest.getRanges()) {
        long expected = next.getOrDefault(range.getPartition(), 0L);
        if (range.getFrom() != expected) {
          throw new AssertionError(
              "partition %d: a range from %d where %d is next"
                  .formatted(range.getPartition(), range.getFrom(), expected));
        }
        next.put(range.getPartition(), range.getTo());
      }
    }
    return next;
  }

  /** The sums of all committed tiles of an upper triangle, by domain and layer. */
  Map<String, long[]> committedSums() {
    Map<String, long[]> sums = new HashMap<>();
    Map<Object, String> domains = new HashMap<>();
    manifests().forEach(m -> m.getSlots().forEach(s -> domains.put(s.getSlot(), s.getDomain())));
    for (StatisticsTile tile : read(topics.partialStatistics(), StatisticsTile.class)) {
      if (tile.getKind() != StatisticsKind.GRAM) {
        continue;
      }
      long[] sum =
          sums.computeIfAbsent(
              domains.get(tile.getSlot()) + " " + tile.getLayer(),
              k -> new long[TokenFeatures.SIZE * TokenFeatures.SIZE]);
      var values = tile.getValues().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
      int cols = Math.min(Batches.TILE, TokenFeatures.SIZE - tile.getCol() * Batches.TILE);
      for (int i = 0; i < values.remaining(); i++) {
        int row = tile.getRow() * Batches.TILE + i / cols;
        int col = tile.getCol() * Batches.TILE + i % cols;
        sum[row * TokenFeatures.SIZE + col] += values.get(i);
      }
    }
    return sums;
  }

  /** What {@link #committedSums} must be: each record's matrix rounded, then added. */
  static Map<String, long[]> plainSums(List<TokenBatch> batches) {
    FixedPoint fixedPoint = new FixedPoint(Batches.FRACTION_BITS);
    Map<String, long[]> sums = new HashMap<>();
    for (TokenBatch batch : batches) {
      List<int[]> sequences =
          batch.getSequences().stream()
              .map(s -> s.stream().limit(Batches.CONTEXT).mapToInt(i -> i).toArray())
              .toList();
      for (int layer = 0; layer < TokenFeatures.LAYERS; layer++) {
        double[] gram = TokenFeatures.gram(batch.getDomain(), sequences, layer);
        long[] sum =
            sums.computeIfAbsent(
                batch.getDomain() + " " + layer,
                k -> new long[TokenFeatures.SIZE * TokenFeatures.SIZE]);
        for (int i = 0; i < sum.length; i++) {
          boolean exists =
              i / TokenFeatures.SIZE / Batches.TILE <= i % TokenFeatures.SIZE / Batches.TILE;
          sum[i] += exists ? fixedPoint.toFixed(gram[i]) : 0;
        }
      }
    }
    return sums;
  }

  /** Different records of both domains. */
  static List<TokenBatch> records(int count) {
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                Batches.batch(
                    "doc-" + i,
                    i % 3 == 0 ? "math" : "novel",
                    IntStream.range(0, 1 + i % Batches.MAX_SEQUENCE)
                        .map(t -> (i * 7 + t * 11) % 90)
                        .toArray(),
                    Batches.tokens(i % 90)))
        .toList();
  }

  @Override
  public void close() {
    producer.close();
  }
}
