package io.dume.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.control.Membership;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.SlotCount;
import io.dume.schemas.message.StatisticsTile;
import io.dume.topology.sequencer.CutPolicy;
import io.dume.topology.sequencer.SequencerConfig;
import io.dume.topology.synthetic.InMemoryTopology;
import io.dume.topology.synthetic.LayersOfCut;
import io.dume.topology.synthetic.PlainSums;
import io.dume.topology.synthetic.SyntheticFit;
import io.dume.topology.synthetic.SyntheticFlush;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Taking a domain away equals its never having been: invariant 6, on sums. */
class TakeAwayTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final int PARTITIONS = 3;
  private static final int TOKEN_PARTITIONS = 2;
  private static final int FLUSHES = 14;
  private static final String GONE = "scripture";

  private final Fit fit = SyntheticFit.of("take-away", 4, 5, 4, TOKEN_PARTITIONS, PARTITIONS);

  private static InMemoryTopology topology() {
    return new InMemoryTopology(SequencerConfig.of(PARTITIONS, CutPolicy.ON_DEMAND), START);
  }

  /** Each of those that stay has an expert of its own; the one that goes shares that of math. */
  private static Map<String, String> domains(boolean all) {
    Map<String, String> domains = new LinkedHashMap<>();
    domains.put("code", "code");
    domains.put("math", "math");
    if (all) {
      domains.put(GONE, "math");
    }
    return domains;
  }

  /** Flushes of two workers, one a partition of token-batches; random domains in each. */
  private List<SyntheticFlush> flushes(Random random, int lastWithGone) {
    long[] next = new long[TOKEN_PARTITIONS];
    List<SyntheticFlush> flushes = new ArrayList<>();
    for (int i = 0; i < FLUSHES; i++) {
      int partition = random.nextInt(TOKEN_PARTITIONS);
      long from = next[partition];
      next[partition] = from + 20;
      SyntheticFlush.Builder flush =
          SyntheticFlush.of(fit, random)
              .range(
                  new CoveredRange(
                      partition, from, from + 20, List.of(), List.of(), (long) random.nextInt(3)));
      records(flush, new Membership("code", SyntheticFit.mlp("code"), 1), i == 0, random);
      records(flush, new Membership("math", SyntheticFit.mlp("math"), 1), i == 0, random);
      if (i <= lastWithGone) {
        records(flush, new Membership(GONE, SyntheticFit.mlp("math"), 1), i == 0, random);
      }
      flushes.add(flush.build());
    }
    return flushes;
  }

  private static void records(
      SyntheticFlush.Builder flush, Membership membership, boolean certainly, Random random) {
    if (certainly || random.nextBoolean()) {
      flush.records(membership, 1 + random.nextInt(2));
    }
    if (certainly || random.nextInt(3) == 0) {
      flush.heldOut(membership, 1);
    }
  }

  private static boolean isGone(SlotCount slot) {
    return slot.getDomain().equals(GONE);
  }

  /**
   * Runs a history. What happens is the same for the same seed of the history; when which fold
   * moves and what is restarted is another's.
   */
  private InMemoryTopology run(
      List<SyntheticFlush> flushes, boolean withGone, int removal, long history, long schedule) {
    Random what = new Random(history);
    Random when = new Random(schedule);
    InMemoryTopology topology = topology();
    topology.control(SyntheticFit.created(SyntheticFit.ROUTER, fit));
    topology.control(SyntheticFit.experts(SyntheticFit.ROUTER, fit, 1, domains(withGone)));
    int staged = 0;
    for (int i = 0; i < flushes.size(); i++) {
      if (i == removal) {
        topology.control(SyntheticFit.experts(SyntheticFit.ROUTER, fit, 2, domains(false)));
        request(topology, "removed");
      }
      // Some flushes stand staged while others count and while the domain goes.
      int to = Math.max(staged, Math.min(flushes.size(), i + 1 + what.nextInt(4)));
      stage(topology, flushes.subList(staged, to), when);
      staged = to;
      topology.manifest(flushes.get(i).manifest());
      if (what.nextInt(4) == 0) {
        request(topology, "r" + i);
      }
      disturb(topology, when);
    }
    request(topology, "last");
    topology.foldAll();
    return topology;
  }

  private static void stage(InMemoryTopology topology, List<SyntheticFlush> flushes, Random when) {
    List<StatisticsTile> tiles = new ArrayList<>();
    flushes.forEach(flush -> tiles.addAll(flush.tiles()));
    Collections.shuffle(tiles, when);
    tiles.forEach(topology::tile);
  }

  private static void request(InMemoryTopology topology, String id) {
    topology.control(new CutRequested(SyntheticFit.ROUTER, id, List.of(), null, false));
  }

  private static void disturb(InMemoryTopology topology, Random when) {
    for (int step = when.nextInt(60); step > 0; step--) {
      topology.fold(when.nextInt(PARTITIONS));
    }
    if (when.nextInt(4) == 0) {
      topology.restartSequencer();
    }
    if (when.nextInt(4) == 0) {
      topology.restartFold(when.nextInt(PARTITIONS));
    }
  }

  @Property(tries = 60)
  void shouldGiveTheSumsAndCutsOfAFitThatNeverHadTheDomain(@ForAll long seed) {
    Random random = new Random(seed);
    int removal = 1 + random.nextInt(FLUSHES - 1);
    int lastWithGone = Math.min(FLUSHES - 1, removal + random.nextInt(4));
    List<SyntheticFlush> flushes = flushes(random, lastWithGone);
    List<SyntheticFlush> neverHeld =
        flushes.stream().map(f -> f.without(TakeAwayTest::isGone)).toList();

    InMemoryTopology removed = run(flushes, true, removal, seed, random.nextLong());
    InMemoryTopology never = run(neverHeld, false, removal, seed, random.nextLong());

    assertThat(removed.deadLetters()).isEmpty();
    assertThat(after(removed)).isNotEmpty().isEqualTo(after(never));
    for (int p = 0; p < PARTITIONS; p++) {
      long first = after(removed).get(0).getCut();
      assertThat(layersFrom(first, removed, p)).isEqualTo(layersFrom(first, never, p));
      assertThat(removed.gram(p).holdsTheSameAs(never.gram(p))).isTrue();
      assertThat(removed.target(p).holdsTheSameAs(never.target(p))).isTrue();
      assertThat(removed.staging(p).size()).isZero();
    }
    assertThat(removed.memory().progress().get(0).getSlots())
        .isEqualTo(never.memory().progress().get(0).getSlots());
    assertThat(removed.memory().progress().get(0).getLargest())
        .isEqualTo(never.memory().progress().get(0).getLargest());
    assertPlain(removed, neverHeld);
  }

  /** The cuts from the removal on. */
  private static List<Cut> after(InMemoryTopology topology) {
    return topology.cuts().stream().dropWhile(c -> c.getExpertsVersion() == 1).toList();
  }

  private List<Object> layersFrom(long cut, InMemoryTopology topology, int partition) {
    return topology.layers(partition).stream()
        // Every message of layer-statistics begins with the number of its cut.
        .filter(message -> (long) message.get(0) >= cut)
        .map(Object.class::cast)
        .toList();
  }

  private void assertPlain(InMemoryTopology topology, List<SyntheticFlush> flushes) {
    PlainSums sums = new PlainSums(fit);
    flushes.forEach(sums::add);
    LayersOfCut last =
        new LayersOfCut(fit, topology.cuts().get(topology.cuts().size() - 1).getCut());
    for (int p = 0; p < PARTITIONS; p++) {
      topology.layers(p).forEach(last::take);
    }
    List<String> domains = List.of("code", "math");
    for (int layer = 0; layer < fit.getLayers(); layer++) {
      assertThat(last.gram(layer)).isEqualTo(sums.gram(layer, domains));
      assertThat(last.targets(layer)).isEqualTo(sums.targets(layer, domains));
      assertThat(last.heldOutGram(layer)).contains(sums.heldOutGram(layer, domains));
      assertThat(last.heldOutTargets(layer)).contains(sums.heldOutTargets(layer, domains));
    }
  }
}
