package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.message.StatisticsKind;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.statistics.FixedPoint;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Records twice, aborts, deaths at any step, and a domain that comes and goes. */
class ExtractionPropertyTest {
  private static final int PARTITIONS = 2;
  private static final int RECORDS = 60;
  private static final FlushPolicy POLICY = new FlushPolicy(Duration.ofDays(1), 40, 1 << 20);

  /** Topics, and one worker after the other. */
  private static final class World {
    private final Random random;
    private final Fit fit = Batches.fit();
    private final ControlState control = Batches.control(fit, Batches.experts());
    private final List<List<TokenBatch>> log = List.of(new ArrayList<>(), new ArrayList<>());
    private final long[] offsets = new long[PARTITIONS];
    private final List<List<FlushOutput.Counted>> countedIds =
        List.of(new ArrayList<>(), new ArrayList<>());
    private final List<FlushManifest> manifests = new ArrayList<>();
    private final Map<Id, Set<Id>> idsOfSlot = new HashMap<>();
    private final Map<Id, long[]> sums = new HashMap<>();
    private int version = 1;
    private boolean math = true;
    private Extraction worker;

    World(Random random) {
      this.random = random;
      for (int i = 0; i < RECORDS; i++) {
        int document = random.nextInt(20);
        TokenBatch batch =
            Batches.batch(
                "doc-" + document,
                document % 2 == 0 ? "math" : "novel",
                Batches.tokens(document, document + 1, 3));
        log.get(Batches.partition(batch, PARTITIONS)).add(batch);
      }
      start();
    }

    private void start() {
      worker =
          new Extraction("w", fit, POLICY, new TokenFeatures(), control, () -> randomId(random));
      assign();
    }

    private static Id randomId(Random random) {
      byte[] bytes = new byte[Ids.BYTES];
      random.nextBytes(bytes);
      return new Id(bytes);
    }

    private void assign() {
      worker.assign(Map.of(0, offsets[0], 1, offsets[1]));
      for (int p = 0; p < PARTITIONS; p++) {
        for (long o = worker.countedFrom(p); o < countedIds.get(p).size(); o++) {
          FlushOutput.Counted counted = countedIds.get(p).get((int) o);
          assertThat(worker.restoreCounted(p, o, counted.key(), Optional.of(counted.value())))
              .isEmpty();
        }
      }
    }

    boolean done() {
      return offsets[0] == log.get(0).size() && offsets[1] == log.get(1).size();
    }

    void step() {
      int what = random.nextInt(40);
      if (what == 0) {
        start();
      } else if (what == 1) {
        worker.release();
        assign();
      } else if (what == 2) {
        change();
      } else if (what < 5 || worker.flushDue(Instant.EPOCH)) {
        flush();
      } else {
        take(random.nextInt(PARTITIONS));
      }
    }

    private void change() {
      math = !math;
      List<DomainExpert> domains = new ArrayList<>(Batches.experts().getDomains());
      domains.removeIf(d -> !math && d.getDomain().equals("math"));
      version++;
      assertThat(
              control.apply(
                  new ExpertsChanged(
                      "default", version, TokenFeatures.EXPERTS, domains, null, List.of())))
          .isTrue();
      worker.controlChanged();
    }

    private void take(int partition) {
      long next = worker.processed().get(partition);
      if (next == log.get(partition).size()) {
        flush();
        return;
      }
      TokenBatch batch = log.get(partition).get((int) next);
      ConsumerRecord<byte[], byte[]> record =
          new ConsumerRecord<>("t", partition, next, batch.getId().bytes(), Wire.encode(batch));
      while (worker.take(record, Instant.EPOCH) == Extraction.Step.FLUSH_FIRST) {
        if (!flush()) {
          return;
        }
      }
    }

    private boolean flush() {
      List<FlushOutput> sent = new ArrayList<>();
      Map<Integer, Long> covered = worker.offsets();
      worker.flush(Instant.EPOCH, sent::add);
      int fate = random.nextInt(6);
      if (fate == 0) {
        worker.aborted();
        assign();
        return false;
      }
      if (fate == 1) {
        start();
        return false;
      }
      covered.forEach((partition, position) -> offsets[partition] = position);
      sent.forEach(this::commit);
      if (fate == 2) {
        // It died before it heard of the commit.
        start();
        return false;
      }
      worker.committed(Instant.EPOCH);
      return true;
    }

    private void commit(FlushOutput output) {
      if (output instanceof FlushOutput.Counted counted) {
        countedIds.get(counted.partition()).add(counted);
        Id record = new Id(Arrays.copyOfRange(counted.key(), Ids.BYTES, 2 * Ids.BYTES));
        Id slot = new Id(counted.value());
        boolean first = idsOfSlot.computeIfAbsent(slot, s -> new HashSet<>()).add(record);
        assertThat(first).as("an id counts once in a slot").isTrue();
      } else if (output instanceof FlushOutput.Manifest manifest) {
        manifests.add(manifest.manifest());
      } else if (output instanceof FlushOutput.Tile tile
          && tile.tile().getKind() == StatisticsKind.TARGET) {
        add(tile.tile());
      }
    }

    private void add(StatisticsTile tile) {
      var values = tile.getValues().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
      long[] sum =
          sums.computeIfAbsent(
              tile.getSlot(), s -> new long[TokenFeatures.LAYERS * TokenFeatures.SIZE]);
      for (int i = 0; i < TokenFeatures.SIZE; i++) {
        sum[tile.getLayer() * TokenFeatures.SIZE + i] += values.get(i);
      }
    }

    /** Each record's last column rounded, then added. */
    private long[] plain(Set<Id> ids) {
      FixedPoint fixedPoint = new FixedPoint(Batches.FRACTION_BITS);
      Map<Id, TokenBatch> batches = new HashMap<>();
      log.forEach(partition -> partition.forEach(b -> batches.put(b.getId(), b)));
      long[] sum = new long[TokenFeatures.LAYERS * TokenFeatures.SIZE];
      for (Id id : ids) {
        TokenBatch batch = batches.get(id);
        int[] tokens = batch.getSequences().get(0).stream().mapToInt(i -> i).toArray();
        for (int layer = 0; layer < TokenFeatures.LAYERS; layer++) {
          double[] gram = TokenFeatures.gram(batch.getDomain(), List.of(tokens), layer);
          for (int i = 0; i < TokenFeatures.SIZE; i++) {
            sum[layer * TokenFeatures.SIZE + i] +=
                fixedPoint.toFixed(gram[i * TokenFeatures.SIZE + TokenFeatures.WIDTH]);
          }
        }
      }
      return sum;
    }
  }

  @Property(tries = 200)
  void shouldCountEachIdOnceWhateverHappens(@ForAll long seed) {
    World world = new World(new Random(seed));

    for (int i = 0; i < 20_000 && !world.done(); i++) {
      world.step();
    }

    assertThat(world.done()).isTrue();
    assertThat(world.sums.keySet()).isEqualTo(world.idsOfSlot.keySet());
    world.idsOfSlot.forEach(
        (slot, ids) -> assertThat(world.sums.get(slot)).isEqualTo(world.plain(ids)));
    long[] next = new long[PARTITIONS];
    for (FlushManifest manifest : world.manifests) {
      long covered = 0;
      for (CoveredRange range : manifest.getRanges()) {
        assertThat(range.getFrom()).isEqualTo(next[range.getPartition()]);
        next[range.getPartition()] = range.getTo();
        int apart = range.getSetAside().size() + range.getDuplicates().size();
        covered += range.getTo() - range.getFrom() - apart;
      }
      assertThat(manifest.getSlots().stream().mapToLong(SlotCount::getRecords).sum())
          .as("every record is counted, a duplicate or set aside")
          .isEqualTo(covered);
    }
    Set<Id> novel =
        world.log.stream()
            .flatMap(List::stream)
            .filter(b -> b.getDomain().equals("novel"))
            .map(TokenBatch::getId)
            .collect(Collectors.toSet());
    Id slot = world.control.memberships(world.fit.getId()).get("novel").slot(false);
    assertThat(world.idsOfSlot.getOrDefault(slot, Set.of())).isEqualTo(novel);
  }
}
