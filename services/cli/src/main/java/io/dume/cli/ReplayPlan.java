package io.dume.cli;

import io.dume.extractor.ExtractionModel;
import io.dume.extractor.FitProposal;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.FitStatus;
import io.dume.schemas.control.Fits;
import io.dume.schemas.control.Membership;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a replay counts and how its fit is named, from what was asked for and what the router has.
 * Changes nothing.
 *
 * @param state what the control log says
 * @param router the router's name
 * @param model the model that the replay runs through
 */
record ReplayPlan(ControlState state, String router, ExtractionModel.Identity model) {
  private static final int MOST_LABELS = 10_000;

  /** The fit that serves, where there is one. */
  Optional<Fit> serving() {
    return state.fit(router);
  }

  /**
   * What a replay that is under way must be for the same command to go on with it: ids of fits hold
   * neither domains nor starts.
   *
   * @param selection what is to be counted
   * @param start whether it may have begun at these positions
   * @param answered whether a fit has a version that somebody asked for
   */
  record Asked(
      Fits.Selection selection, Predicate<List<PartitionOffset>> start, Predicate<Id> answered) {}

  /**
   * The proposal under the first label of which this replay is under way or could begin.
   *
   * @param labelled makes the proposal of a label
   * @param label the label that was asked for
   * @param asked what the replay is to be
   */
  Fit choose(Function<String, Fit> labelled, Optional<String> label, Asked asked) {
    if (label.isPresent()) {
      Fit fit = labelled.apply(label.get());
      if (!open(fit.getId(), asked)) {
        throw new IllegalArgumentException(
            "router %s has or had a fit of these settings with --label \"%s\" (%s): give another label"
                .formatted(router, label.get(), Ids.hex(fit.getId())));
      }
      requireSame(fit, asked);
      return fit;
    }
    for (int n = 1; n <= MOST_LABELS; n++) {
      Fit fit = labelled.apply("replay-" + n);
      if (open(fit.getId(), asked) && !another(fit) && difference(fit.getId(), asked).isEmpty()) {
        return fit;
      }
    }
    throw new IllegalArgumentException("no label is free: give one with --label");
  }

  private void requireSame(Fit fit, Asked asked) {
    difference(fit.getId(), asked)
        .ifPresent(
            difference -> {
              throw new IllegalArgumentException(
                  "replay %s is under way, and %s; give this one another --label"
                      .formatted(fit.getLabel(), difference));
            });
  }

  /** In what a replay that is under way differs from what was asked for. */
  private Optional<String> difference(Id fit, Asked asked) {
    Set<DomainExpert> wanted = Set.copyOf(asked.selection().domains());
    Optional<String> domains =
        state
            .experts(fit)
            .map(ExpertsChanged::getDomains)
            .filter(there -> !Set.copyOf(there).equals(wanted))
            .map(there -> "counts " + names(there) + ", not " + names(asked.selection().domains()));
    return domains.or(
        () ->
            state
                .fit(fit)
                .filter(there -> !asked.start().test(there.getStart()))
                .map(there -> "began at another position"));
  }

  private static String names(List<DomainExpert> domains) {
    return String.join(", ", domains.stream().map(DomainExpert::getDomain).toList());
  }

  /**
   * Whether a replay that began at these positions is one from there, although records at the
   * beginning may have been deleted since.
   *
   * @param start where it began
   * @param from what was asked for: not a time
   * @param beginning where the records begin now
   */
  static boolean mayBegin(
      List<PartitionOffset> start,
      Optional<FitProposal.Start> from,
      List<PartitionOffset> beginning) {
    if (from.isEmpty()) {
      return start.stream().allMatch(position -> position.getOffset() == 0);
    }
    Map<Integer, Long> first =
        beginning.stream()
            .collect(Collectors.toMap(PartitionOffset::getPartition, PartitionOffset::getOffset));
    Map<Integer, Long> named =
        from.get() instanceof FitProposal.Start.At at ? at.offsets() : Map.of();
    return start.stream()
        .allMatch(
            position -> {
              Long wanted = named.get(position.getPartition());
              return wanted == null
                  ? position.getOffset() <= first.getOrDefault(position.getPartition(), 0L)
                  : position.getOffset() == wanted;
            });
  }

  /** Whether the label names a fit of other settings: people tell fits apart by it. */
  private boolean another(Fit fit) {
    return state.fits(router).stream()
        .anyMatch(f -> f.getLabel().equals(fit.getLabel()) && !f.getId().equals(fit.getId()));
  }

  private boolean open(Id fit, Asked asked) {
    boolean free = state.status(fit).isEmpty() && !state.removed(fit);
    boolean underWay =
        state.failure(fit).isEmpty()
            && state
                .status(fit)
                .filter(
                    status ->
                        status == FitStatus.CANDIDATE
                            // Whoever let it take over was killed before the version came, or it
                            // is the router's first.
                            || status == FitStatus.SERVING && !asked.answered().test(fit))
                .isPresent();
    return free || underWay;
  }

  /**
   * What is counted: the chosen domains, and the experts that they belong to in the model's order.
   *
   * @param chosen domains, or none for all that serve and those of experts that are new
   * @throws IllegalArgumentException if a domain has no expert in the model
   */
  Fits.Selection select(List<String> chosen) {
    Map<String, Expert> byName =
        model.experts().stream().collect(Collectors.toMap(Expert::getName, e -> e));
    Map<String, String> expertOf = expertOf(byName);
    TreeSet<String> known = new TreeSet<>(expertOf.keySet());
    List<String> wanted = chosen.isEmpty() ? usual(expertOf) : chosen;
    List<DomainExpert> domains = new ArrayList<>();
    for (String domain : new LinkedHashSet<>(wanted)) {
      String expert = expertOf.get(domain);
      if (expert == null) {
        throw new IllegalArgumentException(
            "domain %s has no expert in this model, which has %s"
                .formatted(domain, String.join(", ", byName.keySet())));
      }
      domains.add(new DomainExpert(domain, expert));
      known.remove(domain);
    }
    List<Expert> experts =
        model.experts().stream()
            .filter(e -> domains.stream().anyMatch(d -> d.getExpert().equals(e.getName())))
            .toList();
    // Also domains that the model has no expert for, but that the router once had.
    everDomains().stream().filter(d -> !wanted.contains(d)).forEach(known::add);
    return new Fits.Selection(experts, domains, List.copyOf(known));
  }

  private List<String> everDomains() {
    return serving()
        .map(
            fit ->
                Stream.concat(
                        state.everyMembership(fit.getId()).stream().map(Membership::domain),
                        // What it passed over was in no list of it, but of one before.
                        state.experts(fit.getId()).stream().flatMap(l -> l.getLeftOut().stream()))
                    .distinct()
                    .toList())
        .orElse(List.of());
  }

  /** A domain keeps its expert's name; a new expert has the domain of its own name. */
  private Map<String, String> expertOf(Map<String, Expert> byName) {
    Map<String, String> expertOf = new LinkedHashMap<>();
    state
        .experts(router)
        .map(ExpertsChanged::getDomains)
        .orElse(List.of())
        .forEach(
            d -> {
              if (byName.containsKey(d.getExpert())) {
                expertOf.put(d.getDomain(), d.getExpert());
              }
            });
    byName.keySet().forEach(name -> expertOf.putIfAbsent(name, name));
    return expertOf;
  }

  private List<String> usual(Map<String, String> expertOf) {
    List<String> removed = new ArrayList<>(everDomains());
    state
        .experts(router)
        .ifPresent(list -> list.getDomains().forEach(d -> removed.remove(d.getDomain())));
    return expertOf.keySet().stream().filter(domain -> !removed.contains(domain)).toList();
  }
}
