package io.dume.e2e.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.e2e.simulation.Lists.Member;
import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.CoveredRange;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRange;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What one fit must have counted: every record of token-batches judged again by the contract, with
 * plain maps, and compared with what the manifests say. Only which list of experts a flush was made
 * with is taken from the worker.
 */
final class Reckoning {
  /** A record that counts, with the number of its flush. */
  record Counted(TokenBatch batch, Member member, long sequence) {}

  /** What a flush should say, in words that can be compared. */
  private static final class Expected {
    private final List<String> ranges = new ArrayList<>();
    private final Map<Id, String> slots = new HashMap<>();
    private final Map<Id, long[]> counts = new HashMap<>();
  }

  private final World world;
  private final Fit fit;
  private final Lists lists;
  private final Map<Id, Long> sequences = new HashMap<>();
  private final Map<Id, Id> slotOfId = new HashMap<>();
  private final Map<Id, List<Counted>> slots = new HashMap<>();
  private final Map<Integer, Long> next = new TreeMap<>();

  /** By number of flush: how far each partition had come. */
  private final Map<Long, Map<Integer, Long>> covered = new HashMap<>();

  Reckoning(World world, Fit fit, Lists lists, List<ApplyFlush> applied) {
    this.world = world;
    this.fit = fit;
    this.lists = lists;
    for (PartitionOffset start : fit.getStart()) {
      next.put(start.getPartition(), start.getOffset());
    }
    covered.put(0L, Map.copyOf(next));
    for (ApplyFlush order : applied) {
      assertThat(sequences.put(order.getFlush(), order.getSequence()))
          .as("flush %s is applied once", Ids.hex(order.getFlush()))
          .isNull();
      assertThat(order.getSequence()).isEqualTo(sequences.size());
    }
  }

  /** How many flushes of the fit are in the sums. */
  int flushes() {
    return sequences.size();
  }

  /** Follows the next manifest of the fit; returns false if it was not applied. */
  boolean take(FlushManifest manifest) {
    Long sequence = sequences.get(manifest.getFlush());
    if (sequence == null) {
      return false;
    }
    int version = world.listOf(manifest.getFlush());
    Expected expected = new Expected();
    for (CoveredRange range : manifest.getRanges()) {
      assertThat(range.getFrom())
          .as("flushes of partition %d touch", range.getPartition())
          .isEqualTo(next.put(range.getPartition(), range.getTo()));
      take(range, version, sequence, expected);
    }
    expected.counts.forEach(
        (slot, c) -> expected.slots.put(slot, "%d records, %d tokens".formatted(c[0], c[1])));
    covered.put(sequence, Map.copyOf(next));
    assertThat(manifest.getRanges().stream().map(Reckoning::words).toList())
        .as("flush %s, list %d", Ids.hex(manifest.getFlush()), version)
        .isEqualTo(expected.ranges);
    Map<Id, String> said = new HashMap<>();
    manifest
        .getSlots()
        .forEach(
            s ->
                said.put(
                    s.getSlot(), "%d records, %d tokens".formatted(s.getRecords(), s.getTokens())));
    assertThat(said).as("flush %s", Ids.hex(manifest.getFlush())).isEqualTo(expected.slots);
    return true;
  }

  private static String words(CoveredRange range) {
    List<String> words = new ArrayList<>();
    range.getSetAside().forEach(s -> words.add(s.getOffset() + " " + s.getReason()));
    range.getDuplicates().forEach(d -> words.add(d.getOffset() + " is " + Ids.hex(d.getId())));
    return words + ", left out " + range.getLeftOut();
  }

  private void take(CoveredRange range, int version, long sequence, Expected expected) {
    Lists.Version list = lists.version(version);
    Log log = world.cluster().log(Cluster.TOKEN_BATCHES, range.getPartition());
    List<String> aside = new ArrayList<>();
    List<String> duplicates = new ArrayList<>();
    long leftOut = 0;
    for (long offset = range.getFrom(); offset < range.getTo(); offset++) {
      if (log.at(offset).isEmpty()) {
        continue;
      }
      Sent sent = world.feed().at(range.getPartition(), offset);
      assertThat(version)
          .as("what was done before %d was sent is known", offset)
          .isGreaterThanOrEqualTo(sent.lists().getOrDefault(fit.getLabel(), 0));
      Optional<String> problem = sent.unreadable();
      Optional<Member> member = sent.batch().flatMap(batch -> list.member(batch.getDomain()));
      if (problem.isEmpty() && member.isEmpty()) {
        String domain = sent.batch().orElseThrow().getDomain();
        if (list.leftOut().contains(domain)) {
          leftOut++;
          continue;
        }
        problem = Optional.of(list.ever().contains(domain) ? "removed-domain" : "unknown-domain");
      }
      if (problem.isEmpty()) {
        TokenBatch batch = sent.batch().orElseThrow();
        Id countedIn = slotOfId.get(batch.getId());
        if (countedIn != null && list.live(countedIn)) {
          duplicates.add(offset + " is " + Ids.hex(batch.getId()));
          continue;
        }
        problem = sent.unusable();
      }
      if (problem.isPresent()) {
        aside.add(offset + " " + problem.get());
      } else {
        count(sent.batch().orElseThrow(), member.orElseThrow(), sequence, expected);
      }
    }
    aside.addAll(duplicates);
    expected.ranges.add(aside + ", left out " + leftOut);
  }

  private void count(TokenBatch batch, Member member, long sequence, Expected expected) {
    Id slot = member.slot(batch.getHeldOut());
    slotOfId.put(batch.getId(), slot);
    slots.computeIfAbsent(slot, s -> new ArrayList<>()).add(new Counted(batch, member, sequence));
    long[] counts = expected.counts.computeIfAbsent(slot, s -> new long[2]);
    counts[0]++;
    counts[1] += tokens(batch);
  }

  private long tokens(TokenBatch batch) {
    return batch.getSequences().stream()
        .mapToLong(s -> Math.min(s.size(), fit.getContextDim()))
        .sum();
  }

  /** Everything that can be read was covered by a flush. */
  void requireEverything() {
    next.forEach(
        (partition, position) ->
            assertThat(position)
                .as("partition %d is covered to its end", partition)
                .isEqualTo(world.cluster().log(Cluster.TOKEN_BATCHES, partition).stable()));
  }

  /** The records of a cut that went into its routers, or those that were held out. */
  List<Counted> recordsOf(Cut cut, boolean heldOut) {
    Lists.Version list = lists.version(cut.getExpertsVersion());
    List<Counted> records = new ArrayList<>();
    for (Member member : list.members().values()) {
      slots.getOrDefault(member.slot(heldOut), List.of()).stream()
          .filter(c -> c.sequence() <= cut.getSequence())
          .forEach(c -> records.add(new Counted(c.batch(), list.member(member.domain()).get(), 0)));
    }
    return records;
  }

  /** What a cut says of itself is true. */
  void check(Cut cut) {
    Lists.Version list = lists.version(cut.getExpertsVersion());
    assertThat(cut.getExperts()).isEqualTo(list.list().getExperts());
    Map<Integer, Long> reached = new TreeMap<>();
    for (CutRange range : cut.getRanges()) {
      reached.put(range.getPartition(), range.getTo());
    }
    assertThat(reached).isEqualTo(covered.get(cut.getSequence()));
    assertThat(words(cut.getSlots())).isEqualTo(words(cut, false));
    assertThat(words(cut.getHeldOut())).isEqualTo(words(cut, true));
    Set<Id> ids = new HashSet<>();
    for (boolean heldOut : new boolean[] {false, true}) {
      for (Counted counted : recordsOf(cut, heldOut)) {
        assertThat(ids.add(counted.batch().getId()))
            .as(
                "%s counts once in cut %d of list %d",
                counted.batch().getDocument(), cut.getCut(), cut.getExpertsVersion())
            .isTrue();
      }
    }
  }

  private static Map<Id, String> words(List<CutSlot> said) {
    Map<Id, String> words = new HashMap<>();
    for (CutSlot slot : said) {
      words.put(
          slot.getSlot(),
          "%s, column %d, %d records, %d tokens"
              .formatted(slot.getDomain(), slot.getExpert(), slot.getRecords(), slot.getTokens()));
    }
    return words;
  }

  private Map<Id, String> words(Cut cut, boolean heldOut) {
    Map<Id, long[]> counts = new HashMap<>();
    Map<Id, Member> members = new HashMap<>();
    for (Counted counted : recordsOf(cut, heldOut)) {
      Id slot = counted.member().slot(heldOut);
      members.put(slot, counted.member());
      long[] sum = counts.computeIfAbsent(slot, s -> new long[2]);
      sum[0]++;
      sum[1] += tokens(counted.batch());
    }
    Map<Id, String> words = new HashMap<>();
    counts.forEach(
        (slot, sum) ->
            words.put(
                slot,
                "%s, column %d, %d records, %d tokens"
                    .formatted(
                        members.get(slot).domain(), members.get(slot).column(), sum[0], sum[1])));
    return words;
  }
}
