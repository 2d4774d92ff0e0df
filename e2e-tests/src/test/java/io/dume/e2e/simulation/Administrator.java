package io.dume.e2e.simulation;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.FitStatus;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Wire;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;

/** Who writes into the control log: people, by commands. */
final class Administrator {
  private static final int MAX_EXPERTS = 5;

  private final World world;
  private final ControlReader control;
  private final List<Expert> model = new ArrayList<>();
  private final Map<String, String> expertOf = new LinkedHashMap<>();
  private int requests;
  private int candidates;

  Administrator(World world) {
    this.world = world;
    this.control = new ControlReader(world.cluster());
  }

  ControlState state() {
    control.catchUp();
    return control.state();
  }

  /** The experts that a merged model on disk has now. */
  List<Expert> model() {
    return List.copyOf(model);
  }

  /** Every domain that ever had an expert. */
  List<String> domains() {
    return List.copyOf(expertOf.keySet());
  }

  /** The version of the list of each fit. */
  Map<String, Integer> lists() {
    Map<String, Integer> lists = new HashMap<>();
    for (Fit fit : state().fits(World.ROUTER)) {
      state().experts(fit.getId()).ifPresent(l -> lists.put(fit.getLabel(), l.getVersion()));
    }
    return lists;
  }

  private void append(SpecificRecord record) {
    world.trace("control: %s", record);
    world
        .cluster()
        .log(Cluster.CONTROL, 0)
        .append(new byte[0], Wire.encode(record), 0, Log.Transaction.NONE);
  }

  private void newExpert() {
    String name = "e" + model.size();
    model.add(new Expert(name, "%02x".formatted(17 * model.size() + 1).repeat(32)));
    expertOf.put(name, name);
    if (model.size() == 1) {
      expertOf.put(name + "-too", name);
    }
  }

  /** The first fit with its list. */
  void begin(Plan plan) {
    append(new FitCreated(World.ROUTER, plan.fit(), World.START, false));
    if (plan.given().isPresent()) {
      ExpertsChanged list = plan.given().get().list();
      model.addAll(list.getExperts());
      list.getDomains().forEach(d -> expertOf.put(d.getDomain(), d.getExpert()));
      append(list);
    } else {
      newExpert();
      newExpert();
      if (world.random().nextBoolean()) {
        newExpert();
      }
      append(list(Optional.empty(), 1, domains(), List.of()));
    }
  }

  private ExpertsChanged list(
      Optional<Fit> fit, int version, List<String> domains, List<String> leftOut) {
    List<String> names = domains.stream().map(expertOf::get).distinct().toList();
    List<Expert> experts =
        names.stream()
            .map(n -> model.stream().filter(e -> e.getName().equals(n)).findFirst().orElseThrow())
            .toList();
    return new ExpertsChanged(
        World.ROUTER,
        version,
        experts,
        domains.stream().map(d -> new DomainExpert(d, expertOf.get(d))).toList(),
        fit.map(Fit::getId).orElse(null),
        leftOut);
  }

  Fit serving() {
    return state().fit(World.ROUTER).orElseThrow();
  }

  /** The domains that are in the fit that serves. */
  List<String> servedDomains() {
    return List.copyOf(state().memberships(serving().getId()).keySet());
  }

  /** Changes something about some fit. */
  void change() {
    List<Fit> fits = state().fits(World.ROUTER);
    Fit fit = world.random().nextInt(3) > 0 ? serving() : World.pick(world.random(), fits);
    int what = world.random().nextInt(10);
    ExpertsChanged now = state().experts(fit.getId()).orElseThrow();
    List<String> domains =
        new ArrayList<>(now.getDomains().stream().map(DomainExpert::getDomain).toList());
    int version = now.getVersion() + 1;
    if (what < 4) {
      if (domains.size() < 2) {
        return;
      }
      domains.remove(world.random().nextInt(domains.size()));
    } else if (what < 8) {
      List<String> absent =
          expertOf.keySet().stream()
              .filter(d -> !domains.contains(d) && !now.getLeftOut().contains(d))
              .toList();
      if (absent.isEmpty()) {
        return;
      }
      domains.add(world.random().nextInt(domains.size() + 1), World.pick(world.random(), absent));
    } else if (what == 8 && model.size() < MAX_EXPERTS) {
      newExpert();
      domains.add(model.get(model.size() - 1).getName());
    } else {
      // Somebody who did not see the last change: this counts for nothing.
      version--;
      domains.remove(0);
      if (domains.isEmpty()) {
        return;
      }
    }
    append(list(Optional.of(fit), version, domains, now.getLeftOut()));
  }

  private List<PartitionOffset> ends() {
    int partitions = world.cluster().partitions(Cluster.TOKEN_BATCHES);
    return IntStream.range(0, partitions)
        .mapToObj(
            p -> new PartitionOffset(p, world.cluster().log(Cluster.TOKEN_BATCHES, p).stable()))
        .toList();
  }

  /** Asks for a cut of all that is there; returns the request's id. */
  String request(Optional<Double> lambda, boolean auto) {
    String id = "request-" + requests++;
    append(new CutRequested(World.ROUTER, id, ends(), lambda.orElse(null), auto));
    return id;
  }

  void request() {
    int what = world.random().nextInt(4);
    request(what == 0 ? Optional.of(0.1) : Optional.empty(), what == 1);
  }

  /** Begins a replay, ends one, or clears up after one. */
  void moveOn() {
    List<Fit> fits = state().fits(World.ROUTER);
    List<Fit> others = fits.stream().filter(f -> !f.getId().equals(serving().getId())).toList();
    if (others.isEmpty() && candidates < 2) {
      replay();
    } else if (!others.isEmpty()) {
      Fit other = World.pick(world.random(), others);
      boolean candidate = state().status(other.getId()).equals(Optional.of(FitStatus.CANDIDATE));
      if (candidate ? world.random().nextInt(4) > 0 : world.random().nextInt(6) == 0) {
        append(new FitPromoted(World.ROUTER, other.getId(), "promotion-" + requests++, ends()));
      } else if (world.random().nextBoolean()) {
        append(new FitRemoved(World.ROUTER, other.getId()));
      }
    }
  }

  private void replay() {
    candidates++;
    Fit first = serving();
    List<PartitionOffset> starts = new ArrayList<>();
    for (PartitionOffset end : ends()) {
      boolean later = world.random().nextInt(3) == 0;
      long from = later ? world.random().nextInt((int) end.getOffset() + 1) : 0;
      starts.add(new PartitionOffset(end.getPartition(), from));
    }
    Fit fit =
        Plan.withId(
            Fit.newBuilder(first)
                .setLabel("replay-" + candidates)
                .setContextDim(3 + world.random().nextInt(6))
                .setStart(starts)
                .build());
    append(new FitCreated(World.ROUTER, fit, world.now(), true));
    List<String> domains = new ArrayList<>(domains());
    List<String> leftOut = new ArrayList<>();
    while (domains.size() > 2 && world.random().nextInt(3) == 0) {
      leftOut.add(domains.remove(world.random().nextInt(domains.size())));
    }
    append(list(Optional.of(fit), 1, domains, leftOut));
    world.startWorker(fit);
  }
}
