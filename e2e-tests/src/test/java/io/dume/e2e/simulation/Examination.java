package io.dume.e2e.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.e2e.simulation.Reckoning.Counted;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.Membership;
import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import io.dume.topology.fold.FoldOutput;
import io.dume.topology.synthetic.LayersOfCut;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;

/** Looks at all that a world has written, when it has come to rest. */
final class Examination {
  private final World world;
  private final Map<Id, Fit> fits = new LinkedHashMap<>();
  private final Map<Id, Lists> lists = new HashMap<>();
  private final Map<Id, Reckoning> reckonings = new HashMap<>();
  private final List<Cut> cuts = new ArrayList<>();
  private final List<RouterVersion> versions = new ArrayList<>();
  private final Map<Long, byte[]> weights = new TreeMap<>();

  Examination(World world) {
    this.world = world;
  }

  /** Checks everything. */
  void examine(String lastRequest) {
    readControl();
    oneOrder();
    flushes();
    oneCutForAllLayers();
    sameLogSameBytes();
    versionsGoUp(lastRequest);
    nothingIsLeft();
  }

  /** What was taken away is not in the stores any more, and no tile waits for an order. */
  private void nothingIsLeft() {
    ControlState control = world.administrator().state();
    Set<List<Id>> live = new HashSet<>();
    for (Id fit : fits.keySet()) {
      for (Membership membership : control.memberships(fit).values()) {
        live.add(List.of(fit, membership.slot(false)));
        live.add(List.of(fit, membership.slot(true)));
      }
    }
    for (FoldPart fold : world.folds()) {
      assertThat(fold.staged()).as("staged tiles").isZero();
      for (byte[] key : fold.sums()) {
        Id fit = new Id(Arrays.copyOf(key, Ids.BYTES));
        int slotAt = Ids.BYTES + Short.BYTES;
        Id slot = new Id(Arrays.copyOfRange(key, slotAt, slotAt + Ids.BYTES));
        assertThat(live).as("slots that sums are kept of").contains(List.of(fit, slot));
      }
    }
  }

  private void readControl() {
    for (SpecificRecord record : world.messages(Cluster.CONTROL, 0)) {
      if (record instanceof FitCreated created) {
        fits.put(created.getFit().getId(), created.getFit());
        lists.put(created.getFit().getId(), new Lists());
      } else if (record instanceof ExpertsChanged changed) {
        lists.get(changed.getFit().orElseGet(() -> fits.keySet().iterator().next())).take(changed);
      }
      assertThat(record).isNotInstanceOf(FitFailed.class);
    }
  }

  /** All partitions get the same orders, one after the other. */
  private void oneOrder() {
    List<String> first = orders(0);
    for (int p = 1; p < world.cluster().partitions(Cluster.PARTIAL_STATISTICS); p++) {
      assertThat(orders(p)).as("orders of partition %d", p).isEqualTo(first);
    }
  }

  private List<String> orders(int partition) {
    return world.messages(Cluster.PARTIAL_STATISTICS, partition).stream()
        .filter(m -> !(m instanceof StatisticsTile))
        .map(
            m ->
                m instanceof ApplyFlush order
                    ? ApplyFlush.newBuilder(order)
                        .setTiles(List.of())
                        .setDiagonals(List.of())
                        .build()
                        .toString()
                    : m.toString())
        .toList();
  }

  private void flushes() {
    for (Fit fit : fits.values()) {
      List<ApplyFlush> applied =
          world.messages(Cluster.PARTIAL_STATISTICS, 0).stream()
              .filter(m -> m instanceof ApplyFlush order && order.getFit().equals(fit.getId()))
              .map(ApplyFlush.class::cast)
              .toList();
      reckonings.put(fit.getId(), new Reckoning(world, fit, lists.get(fit.getId()), applied));
    }
    int applied = 0;
    for (SpecificRecord message : world.messages(Cluster.MANIFESTS, 0)) {
      FlushManifest manifest = (FlushManifest) message;
      boolean counts = reckonings.get(manifest.getFit()).take(manifest);
      applied += counts ? 1 : 0;
      assertThat(counts || world.administrator().state().removed(manifest.getFit()))
          .as("flush %s is not lost", Ids.hex(manifest.getFlush()))
          .isTrue();
    }
    assertThat(applied)
        .as("flushes in the sums that have a manifest")
        .isEqualTo(reckonings.values().stream().mapToInt(Reckoning::flushes).sum());
    reckonings.get(world.administrator().serving().getId()).requireEverything();
    for (SpecificRecord letter : world.messages(Cluster.DEAD_LETTERS, 0)) {
      DeadLetter dead = (DeadLetter) letter;
      assertThat(dead.getService().equals("feature-extractor") ? "" : dead.getReason())
          .as("dead letter of %s: %s", dead.getService(), dead.getDetail())
          .isIn("", "malformed-message", "fit-removed");
    }
  }

  /** Every layer of a cut holds the sums of the same records, and these are the right ones. */
  private void oneCutForAllLayers() {
    List<SpecificRecord> statistics = new ArrayList<>();
    for (int p = 0; p < world.cluster().partitions(Cluster.LAYER_STATISTICS); p++) {
      statistics.addAll(world.messages(Cluster.LAYER_STATISTICS, p));
    }
    Map<Id, PlainAddition> additions = new HashMap<>();
    Map<Id, Long> last = new HashMap<>();
    for (SpecificRecord message : world.messages(Cluster.CUTS, 0)) {
      Cut cut = (Cut) message;
      cuts.add(cut);
      Fit fit = fits.get(cut.getFit());
      assertThat(cut.getCut())
          .as("cuts of a fit are numbered")
          .isEqualTo(last.merge(fit.getId(), 1L, Long::sum));
      reckonings.get(fit.getId()).check(cut);
      LayersOfCut layers = new LayersOfCut(fit, cut.getCut());
      statistics.stream().filter(m -> fitOf(m).equals(fit.getId())).forEach(layers::take);
      assertThat(layers.ended()).as("all layers of cut %d ended", cut.getCut()).isTrue();
      if (layers.failures().isEmpty()) {
        compare(cut, layers, additions.computeIfAbsent(fit.getId(), f -> new PlainAddition(fit)));
      } else {
        assertThat(cut.getSlots()).as("a cut that fails: %s", layers.failures()).isEmpty();
      }
    }
  }

  private static Id fitOf(SpecificRecord message) {
    if (message instanceof LayerTile tile) {
      return tile.getFit();
    }
    if (message instanceof LayerTargets targets) {
      return targets.getFit();
    }
    return message instanceof LayerComplete end ? end.getFit() : ((LayerFailed) message).getFit();
  }

  private void compare(Cut cut, LayersOfCut layers, PlainAddition plain) {
    Reckoning reckoning = reckonings.get(cut.getFit());
    List<Counted> records = reckoning.recordsOf(cut, false);
    List<Counted> heldOut = reckoning.recordsOf(cut, true);
    int experts = cut.getExperts().size();
    for (int layer = 0; layer < cut.getLayers(); layer++) {
      String where = "cut %d, layer %d".formatted(cut.getCut(), layer);
      same(where, layers.gram(layer), plain.gram(records, layer));
      same(where, layers.targets(layer), plain.targets(records, layer, experts));
      assertThat(layers.heldOutGram(layer).isPresent()).isEqualTo(!heldOut.isEmpty());
      if (!heldOut.isEmpty()) {
        same(where, layers.heldOutGram(layer).get(), plain.gram(heldOut, layer));
        same(where, layers.heldOutTargets(layer).get(), plain.targets(heldOut, layer, experts));
      }
    }
  }

  private static void same(String where, BigInteger[] is, BigInteger[] expected) {
    assertThat(is).as(where).isEqualTo(expected);
  }

  /** Parts that never stopped write the same, byte for byte, from the logs as they are. */
  private void sameLogSameBytes() {
    Map<String, List<String>> again = new HashMap<>();
    world
        .sequencer()
        .again(
            (topic, partition, key, value, orderTime) ->
                again
                    .computeIfAbsent(topic + partition, t -> new ArrayList<>())
                    .add(hex(key, value)));
    for (int p = 0; p < world.folds().size(); p++) {
      List<String> orders =
          world.cluster().log(Cluster.PARTIAL_STATISTICS, p).committed().stream()
              .filter(e -> e.orderTime() > 0)
              .map(e -> hex(e.key(), e.value()))
              .toList();
      assertThat(again.getOrDefault(Cluster.PARTIAL_STATISTICS + p, List.of()))
          .as("orders of a sequencer that never stopped")
          .isEqualTo(orders);
      assertThat(statisticsAgain(p))
          .as("layers of a fold that never stopped")
          .isEqualTo(written(Cluster.LAYER_STATISTICS, p));
    }
    assertThat(again.getOrDefault(Cluster.CUTS + "0", List.of()))
        .isEqualTo(written(Cluster.CUTS, 0));
  }

  private List<String> written(String topic, int partition) {
    return world.cluster().log(topic, partition).committed().stream()
        .filter(e -> ControlReader.message(e).isPresent())
        .map(e -> hex(e.key(), e.value()))
        .toList();
  }

  private List<String> statisticsAgain(int partition) {
    List<String> again = new ArrayList<>();
    world
        .folds()
        .get(partition)
        .again(
            world.now(),
            output -> {
              if (output instanceof FoldOutput.LayerStatistics layer) {
                again.add(hex(layer.key(), Wire.encode(layer.message())));
              }
            });
    return again;
  }

  private static String hex(byte[] key, byte[] value) {
    return HexFormat.of().formatHex(key) + " " + HexFormat.of().formatHex(value);
  }

  private void versionsGoUp(String lastRequest) {
    Map<String, Integer> answers = new HashMap<>();
    ByteArrayOutputStream parts = new ByteArrayOutputStream();
    for (SpecificRecord message : world.messages(Cluster.ROUTER_VERSIONS, 0)) {
      if (message instanceof RouterPart part) {
        byte[] bytes = new byte[part.getWeights().remaining()];
        part.getWeights().duplicate().get(bytes);
        parts.writeBytes(bytes);
      } else if (message instanceof RouterVersion version) {
        versions.add(version);
        assertThat(version.getVersion()).as("versions only go up").isEqualTo(versions.size());
        version.getRequests().forEach(r -> answers.merge(r, 1, Integer::sum));
        weights.put(version.getVersion(), parts.toByteArray());
        parts.reset();
        solveAgain(version);
      } else if (message instanceof CutRefused refused) {
        refused.getRequests().forEach(r -> answers.merge(r, 1, Integer::sum));
      }
    }
    Set<String> asked =
        world.messages(Cluster.CONTROL, 0).stream()
            .filter(m -> m instanceof CutRequested || m instanceof FitPromoted)
            .map(m -> m instanceof CutRequested r ? r.getRequest() : ((FitPromoted) m).getRequest())
            .collect(Collectors.toSet());
    assertThat(answers.keySet()).as("requests that were answered").isEqualTo(asked);
    assertThat(answers.values()).as("answers to a request").allMatch(n -> n == 1);
    assertThat(last().getRequests()).as("the last version").contains(lastRequest);
  }

  private void solveAgain(RouterVersion version) {
    Cut cut =
        cuts.stream()
            .filter(
                c -> c.getFit().equals(version.getFit().getId()) && c.getCut() == version.getCut())
            .findFirst()
            .orElseThrow();
    List<SpecificRecord> again =
        world.solver().again(cut, version, p -> world.messages(Cluster.LAYER_STATISTICS, p));
    assertThat(again.get(again.size() - 1)).as("a version, solved again").isEqualTo(version);
  }

  /** The last version. */
  RouterVersion last() {
    return versions.get(versions.size() - 1);
  }

  /** The weights of the last version. */
  byte[] lastWeights() {
    return weights.get(last().getVersion());
  }

  /** The experts, and the records, of the last version and the held-out ones beside it. */
  Plan withoutHistory(int steps) {
    RouterVersion last = last();
    Cut cut =
        cuts.stream()
            .filter(c -> c.getFit().equals(last.getFit().getId()) && c.getCut() == last.getCut())
            .findFirst()
            .orElseThrow();
    Reckoning reckoning = reckonings.get(cut.getFit());
    List<TokenBatch> batches = new ArrayList<>();
    reckoning.recordsOf(cut, false).forEach(c -> batches.add(c.batch()));
    reckoning.recordsOf(cut, true).forEach(c -> batches.add(c.batch()));
    ExpertsChanged list = lists.get(cut.getFit()).version(cut.getExpertsVersion()).list();
    ExpertsChanged only =
        ExpertsChanged.newBuilder(list)
            .setVersion(1)
            .setFit(cut.getFit())
            .setLeftOut(List.of())
            .build();
    Fit fromStart =
        Fit.newBuilder(last.getFit())
            .setStart(
                last.getFit().getStart().stream()
                    .map(s -> new PartitionOffset(s.getPartition(), 0L))
                    .toList())
            .build();
    return new Plan(fromStart, steps, Optional.of(new Plan.Given(batches, only)));
  }
}
