package io.dume.e2e.hostile;

import io.dume.e2e.GoldenOracle;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.statistics.Tiles;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.StatisticsKey;
import io.dume.schemas.wire.Wire;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Makes hostile records from a seed; ids, keys and contents depend on it and on the fit alone. Not
 * thread-safe.
 */
final class Fuzzer {
  /** 2^31 and 2^62, as Avro's lengths and counts. */
  private static final byte[][] HUGE = {
    {(byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, 0x10},
    {-1, -1, -1, -1, -1, -1, -1, -1, 0x7f},
    {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f}
  };

  private static final int NO_PARTITION = 1000;

  private final Random random;
  private final RandomMessages messages;
  private final TokenBatches batches;
  private final Contract contract;
  private final Id fit;
  private int requests;

  Fuzzer(long seed, Contract contract) {
    this.random = new Random(seed);
    this.messages = new RandomMessages(random);
    this.batches = new TokenBatches(random, messages);
    this.contract = contract;
    this.fit = contract.fit().getId();
  }

  /** At least so many records, in the order in which they are to be sent. */
  List<HostileRecord> records(int count) {
    List<HostileRecord> records = new ArrayList<>(new LargeRecords(messages).all());
    List<String> topics = List.copyOf(Messages.BY_TOPIC.keySet());
    while (records.size() < count) {
      // The first topic is the one that strangers may write to.
      int topic = Math.max(0, random.nextInt(topics.size() + 4) - 4);
      HostileRecord next = next(topics.get(topic));
      if (!countsForTheRouter(next)) {
        records.add(next);
        orderFor(next).ifPresent(records::add);
      }
    }
    Collections.shuffle(records, random);
    return records;
  }

  private HostileRecord next(String topic) {
    if (topic.equals(Messages.TOPICS.countedIds())) {
      return countedId();
    }
    return switch (random.nextInt(14)) {
      case 0 -> record(topic, "random bytes", messages.bytes(random.nextInt(400)));
      case 1 -> rightHeader(topic);
      case 2 -> truncated(topic);
      case 3, 4, 5 -> flipped(topic);
      case 6 -> claim(topic);
      case 7 -> record(topic, "of the first schema", forged(topic, Messages.first(any(topic))));
      case 8 ->
          record(
              topic,
              "of a later schema",
              messages.message(Messages.later(any(topic)), Map.of()),
              "malformed-message");
      case 9 -> misplaced(topic);
      case 10 -> withoutKeyOrValue(topic);
      default -> particular(topic);
    };
  }

  private HostileRecord particular(String topic) {
    if (topic.equals(Messages.TOPICS.tokenBatches())) {
      return tokenBatch();
    }
    if (topic.equals(Messages.TOPICS.partialStatistics()) && random.nextBoolean()) {
      return tile();
    }
    if (topic.equals(Messages.TOPICS.flushManifests()) && random.nextBoolean()) {
      return manifestOfTheFit();
    }
    if (topic.equals(Messages.TOPICS.layerStatistics()) && random.nextBoolean()) {
      return statisticsOfTheFit();
    }
    return record(topic, "forged", forged(topic, any(topic)));
  }

  private Schema any(String topic) {
    List<Schema> schemas = Messages.BY_TOPIC.get(topic);
    return schemas.get(random.nextInt(schemas.size()));
  }

  /** A message of a topic that is whole: of nobody's router, so that a flipped bit is harmless. */
  private byte[] whole(String topic) {
    return topic.equals(Messages.TOPICS.tokenBatches())
        ? Wire.encode(batches.right())
        : messages.message(any(topic), Map.of("router", "nobody's"));
  }

  private byte[] forged(String topic, Schema schema) {
    Map<String, Object> fixed = new HashMap<>();
    fixed.put("router", random.nextBoolean() ? "default" : "other-" + random.nextInt(9));
    switch (schema.getName()) {
      case "ExpertsChanged" -> fixed.put("version", 1000 + random.nextInt(1000));
      case "CutRequested" -> {
        fixed.put("upTo", noPartition(schema));
        // Of requests with one id only the first is looked at.
        fixed.put("request", "hostile-" + requests++);
      }
      case "RouterVersion" -> fixed.put("router", "other");
      case "Cut" -> {
        fixed.put("requests", List.of());
        possible(fixed);
      }
      case "ApplyFlush" -> possible(fixed);
      default -> {
        // Random in all fields.
      }
    }
    return messages.message(schema, fixed);
  }

  private static List<Object> noPartition(Schema cutRequested) {
    Schema item = cutRequested.getField("upTo").schema().getElementType();
    var place = new GenericData.Record(item);
    place.put("partition", NO_PARTITION);
    place.put("offset", 1L);
    return List.of(place);
  }

  /** Half of the orders have a shape that can be, and so are looked at more closely. */
  private void possible(Map<String, Object> fixed) {
    if (random.nextBoolean()) {
      fixed.put("sequence", (long) random.nextInt(2));
      fixed.put("statisticsPartitions", contract.statisticsPartitions());
      fixed.put("layers", random.nextInt(6));
      fixed.put("width", GoldenOracle.CONTEXT_DIM);
      fixed.put("tileSize", 1 + random.nextInt(300));
      fixed.put("fractionBits", 20);
    }
  }

  private HostileRecord rightHeader(String topic) {
    byte[] header = RandomMessages.header(any(topic));
    byte[] value = Arrays.copyOf(header, header.length + random.nextInt(300));
    byte[] body = messages.bytes(value.length - header.length);
    System.arraycopy(body, 0, value, header.length, body.length);
    return record(topic, "random after a right header", value);
  }

  private HostileRecord truncated(String topic) {
    byte[] whole = whole(topic);
    byte[] value =
        random.nextInt(4) == 0
            ? Arrays.copyOf(whole, whole.length + 1 + random.nextInt(9))
            : Arrays.copyOf(whole, random.nextInt(whole.length));
    return record(topic, "cut off or too long", value, "malformed-message");
  }

  private HostileRecord flipped(String topic) {
    byte[] whole = whole(topic);
    ProducerRecord<byte[], byte[]> right = addressed(topic, whole);
    byte[] value = whole.clone();
    for (int left = 1 + random.nextInt(3); left > 0; left--) {
      int bit = random.nextInt(8 * value.length);
      value[bit / 8] ^= (byte) (1 << bit % 8);
    }
    return new HostileRecord(
        "bits flipped", new ProducerRecord<>(topic, right.partition(), right.key(), value));
  }

  private HostileRecord claim(String topic) {
    byte[] whole = whole(topic);
    int at = 10 + random.nextInt(whole.length - 10);
    byte[] value = Messages.spliced(whole, at, HUGE[random.nextInt(HUGE.length)]);
    return record(topic, "huge claim", value);
  }

  private HostileRecord misplaced(String topic) {
    List<Schema> strangers = Messages.strangersTo(topic);
    Schema stranger = strangers.get(random.nextInt(strangers.size()));
    return record(topic, "out of place", messages.message(stranger, Map.of("router", "default")));
  }

  private HostileRecord withoutKeyOrValue(String topic) {
    ProducerRecord<byte[], byte[]> right = addressed(topic, whole(topic));
    return switch (random.nextInt(4)) {
      case 0 ->
          new HostileRecord(
              "no value", new ProducerRecord<>(topic, right.partition(), right.key(), null));
      case 1 ->
          new HostileRecord(
              "no key", new ProducerRecord<>(topic, right.partition(), null, right.value()));
      case 2 ->
          new HostileRecord(
              "another key",
              new ProducerRecord<>(
                  topic, right.partition(), messages.bytes(random.nextInt(60)), right.value()));
      default -> {
        ProducerRecord<byte[], byte[]> odd =
            new ProducerRecord<>(topic, right.partition(), 1L, right.key(), right.value());
        odd.headers().add("order-time", messages.bytes(random.nextInt(10))).add("", null);
        yield new HostileRecord("odd headers and time", odd);
      }
    };
  }

  private HostileRecord tokenBatch() {
    String topic = Messages.TOPICS.tokenBatches();
    return switch (random.nextInt(6)) {
      case 0 -> record(topic, "forged", messages.message(any(topic), Map.of()));
      case 1 -> {
        TokenBatch right = batches.right();
        byte[] key = right.getId().bytes();
        int partition = (contract.partition(key) + 1) % contract.fit().getStart().size();
        yield new HostileRecord(
            "in a wrong partition",
            new ProducerRecord<>(topic, partition, key, Wire.encode(right)),
            "wrong-partition");
      }
      default ->
          record(
              topic,
              "batch that can't count",
              Wire.encode(batches.wrong()),
              "malformed-message",
              "unknown-domain",
              "token-out-of-vocabulary",
              "empty-batch",
              "empty-sequence",
              "sequence-too-long",
              "record-too-large");
    };
  }

  /** A tile that can be staged, of a flush that will never count; or almost. */
  private HostileRecord tile() {
    byte[] values = messages.bytes(8 * random.nextInt(100));
    long off = random.nextInt(3) == 0 ? 1 : 0;
    StatisticsTile tile =
        new StatisticsTile(
            new Id(messages.bytes(16)),
            random.nextBoolean() ? fit : new Id(messages.bytes(16)),
            random.nextInt(4),
            new Id(messages.bytes(16)),
            random.nextBoolean() ? StatisticsKind.GRAM : StatisticsKind.TARGET,
            random.nextInt(2),
            random.nextInt(2),
            Tiles.digest(values) + off,
            ByteBuffer.wrap(values));
    return record(Messages.TOPICS.partialStatistics(), "stray tile", Wire.encode(tile));
  }

  /** Tiles that wait get an order through a manifest that can't count. */
  private Optional<HostileRecord> orderFor(HostileRecord record) {
    ProducerRecord<byte[], byte[]> sent = record.record();
    if (!sent.topic().equals(Messages.TOPICS.partialStatistics())) {
      return Optional.empty();
    }
    return contract
        .staged(sent.partition(), key(sent), record.value())
        .map(flush -> manifest("manifest of stray tiles", flush, new Id(messages.bytes(16)), 0));
  }

  private HostileRecord manifestOfTheFit() {
    return manifest(
        "impossible manifest of the fit", new Id(messages.bytes(16)), fit, NO_PARTITION);
  }

  private HostileRecord manifest(String kind, Id flush, Id ofFit, int partition) {
    FlushManifest manifest =
        FlushManifest.newBuilder()
            .setFlush(flush)
            .setFit(ofFit)
            .setWorker("stranger")
            .setRanges(List.of(new CoveredRange(partition, 0L, 5L, List.of(), List.of(), 0L)))
            .setSlots(List.of())
            .setTiles(List.of())
            .setDiagonals(List.of())
            .setCreatedAt(Instant.EPOCH)
            .build();
    return new HostileRecord(
        kind,
        new ProducerRecord<>(
            Messages.TOPICS.flushManifests(), 0, flush.bytes(), Wire.encode(manifest)),
        "other-fit",
        "malformed-manifest");
  }

  /** Of a cut that never was. */
  private HostileRecord statisticsOfTheFit() {
    Schema schema = any(Messages.TOPICS.layerStatistics());
    Object id = messages.id(schema.getField("fit").schema(), fit.bytes());
    long cut = random.nextBoolean() ? -random.nextInt(9) : 1000L + random.nextInt(1 << 30);
    byte[] value = messages.message(schema, Map.of("fit", id, "cut", cut));
    return record(Messages.TOPICS.layerStatistics(), "statistics of no cut", value);
  }

  private HostileRecord countedId() {
    String topic = Messages.TOPICS.countedIds();
    int partition = random.nextInt(contract.fit().getStart().size());
    byte[] key =
        random.nextBoolean()
            ? StatisticsKey.counted(fit, new Id(messages.bytes(16)))
            : messages.bytes(random.nextInt(80));
    byte[] value =
        random.nextInt(5) == 0
            ? null
            : messages.bytes(random.nextBoolean() ? 16 : random.nextInt(80));
    HostileRecord id =
        new HostileRecord("counted id", new ProducerRecord<>(topic, partition, key, value));
    // A compacted topic takes no record without a key.
    return random.nextInt(10) == 0
        ? new HostileRecord("no key", new ProducerRecord<>(topic, partition, null, value))
            .refusedByBroker()
        : id;
  }

  private HostileRecord record(String topic, String kind, byte[] value, String... reasons) {
    return new HostileRecord(kind, addressed(topic, value), reasons);
  }

  /** With the key and in the partition that the value would have if it is whole. */
  private ProducerRecord<byte[], byte[]> addressed(String topic, byte[] value) {
    var message = Contract.decode(value);
    if (topic.equals(Messages.TOPICS.tokenBatches())) {
      byte[] key =
          message
              .filter(TokenBatch.class::isInstance)
              .map(m -> ((TokenBatch) m).getId().bytes())
              .orElseGet(() -> messages.bytes(16));
      return new ProducerRecord<>(topic, contract.partition(key), key, value);
    }
    if (message.orElse(null) instanceof StatisticsTile tile
        && topic.equals(Messages.TOPICS.partialStatistics())) {
      int partition =
          Ids.partition(
              tile.getFit(), Math.max(0, tile.getLayer()), contract.statisticsPartitions());
      return new ProducerRecord<>(topic, partition, Contract.key(tile), value);
    }
    boolean many =
        Stream.of(Messages.TOPICS.partialStatistics(), Messages.TOPICS.layerStatistics())
            .anyMatch(topic::equals);
    int partition = many ? random.nextInt(contract.statisticsPartitions()) : 0;
    return new ProducerRecord<>(topic, partition, messages.bytes(random.nextInt(50)), value);
  }

  /** A flipped bit can make a batch that is right and not held out: that would be a good record. */
  private boolean countsForTheRouter(HostileRecord record) {
    ProducerRecord<byte[], byte[]> sent = record.record();
    return sent.topic().equals(Messages.TOPICS.tokenBatches())
        && contract
            .counted(sent.partition(), key(sent), record.value())
            .filter(batch -> !batch.getHeldOut())
            .isPresent();
  }

  static byte[] key(ProducerRecord<byte[], byte[]> record) {
    return record.key() == null ? new byte[0] : record.key();
  }
}
