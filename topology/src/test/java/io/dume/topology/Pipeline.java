package io.dume.topology;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import io.dume.topology.fold.FoldConfig;
import io.dume.topology.sequencer.CutPolicy;
import io.dume.topology.sequencer.SequencerConfig;
import io.dume.topology.sequencer.SequencerMemory;
import io.dume.topology.synthetic.LayersOfCut;
import io.dume.topology.synthetic.SyntheticFlush;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;

/** Both applications, one partition each, with the topics between them. */
final class Pipeline implements AutoCloseable {
  static final Topics TOPICS = Topics.DEFAULT;
  static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final Path directory;
  private final FoldConfig foldConfig;
  private final TopologyTestDriver sequencer;
  private TopologyTestDriver fold;
  private Instant now = START;

  final List<SpecificRecord> cuts = new ArrayList<>();
  final List<SpecificRecord> control = new ArrayList<>();
  final List<SpecificRecord> orders = new ArrayList<>();
  final List<SpecificRecord> layers = new ArrayList<>();
  final List<DeadLetter> deadLetters = new ArrayList<>();

  Pipeline(Path directory, CutPolicy policy) {
    this(directory, policy, new FoldConfig(1, Duration.ofHours(1)));
  }

  Pipeline(Path directory, CutPolicy policy, FoldConfig foldConfig) {
    this.directory = directory;
    this.foldConfig = foldConfig;
    SequencerConfig config = SequencerConfig.of(1, policy);
    this.sequencer =
        driver(SequencerTopology.build(config, TOPICS), directory.resolve("sequencer"));
    this.fold = driver(FoldTopology.build(foldConfig, TOPICS), directory.resolve("fold"));
  }

  private TopologyTestDriver driver(Topology topology, Path state) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, state.getFileName().toString());
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    properties.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(
        StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, StateStoreSettings.class.getName());
    return new TopologyTestDriver(topology, properties, now);
  }

  void control(SpecificRecord... records) {
    for (SpecificRecord record : records) {
      raw(sequencer, TOPICS.control(), null, Wire.encode(record), now);
    }
    pump();
  }

  /** Everything of a flush, in the order in which a transaction makes it visible. */
  void flush(SyntheticFlush flush) {
    flush.tiles().forEach(this::tile);
    manifest(flush);
  }

  void tile(StatisticsTile tile) {
    rawTile(SyntheticFlush.key(tile), Wire.encode(tile));
  }

  void manifest(SyntheticFlush flush) {
    manifestAt(flush, now);
  }

  void manifestAt(SyntheticFlush flush, Instant time) {
    raw(
        sequencer,
        TOPICS.flushManifests(),
        flush.manifest().getFlush().bytes(),
        Wire.encode(flush.manifest()),
        time);
    pump();
  }

  void rawTile(byte[] key, byte[] value) {
    raw(fold, TOPICS.partialStatistics(), key, value, now);
    pump();
  }

  void rawManifest(byte[] key, byte[] value) {
    raw(sequencer, TOPICS.flushManifests(), key, value, now);
    pump();
  }

  void rawControl(byte[] value) {
    raw(sequencer, TOPICS.control(), null, value, now);
    pump();
  }

  private static void raw(
      TopologyTestDriver driver, String topic, byte[] key, byte[] value, Instant time) {
    driver
        .createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer())
        .pipeInput(new TestRecord<>(key, value, time));
  }

  void pass(Duration time) {
    now = now.plus(time);
    sequencer.advanceWallClockTime(time);
    fold.advanceWallClockTime(time);
    pump();
  }

  Instant now() {
    return now;
  }

  /** Hands on what one application wrote to the other until both are quiet. */
  private void pump() {
    boolean quiet = false;
    while (!quiet) {
      quiet = true;
      for (TestRecord<byte[], byte[]> order : read(sequencer, TOPICS.partialStatistics())) {
        quiet = false;
        orders.add(decode(order.value()));
        // As the broker does in this topic, with the time of appending in place of the writer's.
        fold.createInputTopic(
                TOPICS.partialStatistics(), new ByteArraySerializer(), new ByteArraySerializer())
            .pipeInput(new TestRecord<>(order.key(), order.value(), order.headers(), now));
      }
      for (TestRecord<byte[], byte[]> failure : read(fold, TOPICS.control())) {
        quiet = false;
        control.add(decode(failure.value()));
        raw(sequencer, TOPICS.control(), failure.key(), failure.value(), now);
      }
    }
    read(sequencer, TOPICS.cuts()).forEach(r -> cuts.add(decode(r.value())));
    // The driver itself hands the sequencer's own control records back to it.
    read(sequencer, TOPICS.control()).forEach(r -> control.add(decode(r.value())));
    read(fold, TOPICS.layerStatistics()).forEach(r -> layers.add(decode(r.value())));
    for (TopologyTestDriver driver : List.of(sequencer, fold)) {
      read(driver, TOPICS.deadLetters())
          .forEach(r -> deadLetters.add((DeadLetter) decode(r.value())));
    }
  }

  private static List<TestRecord<byte[], byte[]>> read(TopologyTestDriver driver, String topic) {
    return driver
        .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
        .readRecordsToList();
  }

  static SpecificRecord decode(byte[] bytes) {
    try {
      return Wire.decode(bytes);
    } catch (MalformedMessageException e) {
      throw new AssertionError("the topology wrote what nobody can read", e);
    }
  }

  List<String> reasons() {
    return deadLetters.stream().map(DeadLetter::getReason).toList();
  }

  LayersOfCut cut(Fit fit, long number) {
    LayersOfCut cut = new LayersOfCut(fit, number);
    layers.forEach(cut::take);
    return cut;
  }

  /** All that a store of the fold holds. */
  List<KeyValue<Bytes, byte[]>> entries(String store) {
    return entries(fold, store);
  }

  private static List<KeyValue<Bytes, byte[]>> entries(TopologyTestDriver driver, String store) {
    List<KeyValue<Bytes, byte[]>> entries = new ArrayList<>();
    KeyValueStore<Bytes, byte[]> kept = driver.getKeyValueStore(store);
    try (KeyValueIterator<Bytes, byte[]> all = kept.all()) {
      all.forEachRemaining(entries::add);
    }
    return entries;
  }

  /** The sequencer's memory as its store has it. */
  SequencerMemory memory() {
    return new StoredMemory(new StoreShelf(sequencer.getKeyValueStore(SequencerTopology.STATE)));
  }

  /** Ends the fold and starts another on what its stores held, as after a restore. */
  void restartFold() {
    List<String> names =
        List.of(FoldTopology.STAGING, FoldTopology.GRAM, FoldTopology.TARGET, FoldTopology.META);
    List<List<KeyValue<Bytes, byte[]>>> contents = names.stream().map(this::entries).toList();
    fold.close();
    fold = driver(FoldTopology.build(foldConfig, TOPICS), directory.resolve("fold-again"));
    for (int i = 0; i < names.size(); i++) {
      KeyValueStore<Bytes, byte[]> store = fold.getKeyValueStore(names.get(i));
      store.putAll(contents.get(i));
    }
  }

  @Override
  public void close() {
    sequencer.close();
    fold.close();
  }
}
