package io.dume.administration;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.FitStatus;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The list of experts of the fit that serves a router, and changes to it. A change is the next list
 * of the control log; when somebody else changes it, or moves the router over, at the same moment,
 * it is made again on top of theirs. What is taken out goes from replays under way too: the router
 * would have it back when they take over. Thread-safe: each call opens the log anew.
 */
public final class ExpertLists {
  private static final int ATTEMPTS = 10;

  private final KafkaSettings kafka;
  private final Topics topics;
  private final String router;

  /**
   * @param kafka how to reach the cluster
   * @param topics the installation
   * @param router the router's name
   */
  public ExpertLists(KafkaSettings kafka, Topics topics, String router) {
    this.kafka = kafka;
    this.topics = topics;
    this.router = router;
  }

  /**
   * The next list, from the last and all that the log says; throws if there can be none. When the
   * router moved over while the change was made, it is asked again, and may give the list as it is.
   */
  interface Edit {
    ExpertsChanged apply(ExpertsChanged list, ControlState state, boolean again);
  }

  /** The next list without something, perhaps without any expert; nothing if it lacks that now. */
  private interface Shortening {
    Optional<ExpertsChanged> apply(ExpertsChanged list);
  }

  /**
   * The list as it is.
   *
   * @return the newest list of the fit that serves
   * @throws AdministrationException if the router has no fit yet
   */
  public ExpertsChanged current() {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      return list(log.state());
    }
  }

  private ExpertsChanged list(ControlState state) {
    return state
        .experts(router)
        .orElseThrow(
            () ->
                new AdministrationException(
                    "router %s has no fit with experts yet: the first feature extractor creates it"
                        .formatted(router)));
  }

  /**
   * Lets an expert in, as the last column, with domains of its own. Statistics of the others stay
   * valid: the backbone does not change.
   *
   * @param expert name and fingerprint, as in the manifest of the merged model
   * @param domains whose tokens belong to it; usually one of the expert's name
   * @return the list that counts
   * @throws AdministrationException if name or a domain are taken, or there is no domain
   * @throws InterruptedException if interrupted while the broker answers
   */
  public ExpertsChanged addExpert(Expert expert, List<String> domains) throws InterruptedException {
    if (domains.isEmpty()) {
      throw new AdministrationException(
          "expert %s has no domain: no token could ever belong to it".formatted(expert.getName()));
    }
    return change(
        (list, state, again) -> {
          if (again && has(list, expert, domains)) {
            return list;
          }
          if (list.getExperts().stream().anyMatch(e -> e.getName().equals(expert.getName()))) {
            throw new AdministrationException(
                "router %s has an expert %s already: remove it first, or give this one another name"
                    .formatted(router, expert.getName()));
          }
          List<Expert> experts = new ArrayList<>(list.getExperts());
          experts.add(expert);
          List<DomainExpert> pairs = new ArrayList<>(list.getDomains());
          for (String domain : domains) {
            requireNew(list, domain);
            pairs.add(new DomainExpert(domain, expert.getName()));
          }
          return next(list, experts, pairs);
        });
  }

  private static boolean has(ExpertsChanged list, Expert expert, List<String> domains) {
    return list.getExperts().contains(expert)
        && domains.stream()
            .map(domain -> new DomainExpert(domain, expert.getName()))
            .allMatch(list.getDomains()::contains);
  }

  private void requireNew(ExpertsChanged list, String domain) {
    list.getDomains().stream()
        .filter(d -> d.getDomain().equals(domain))
        .findFirst()
        .ifPresent(
            d -> {
              throw new AdministrationException(
                  "domain %s is in router %s already, and belongs to expert %s"
                      .formatted(domain, router, d.getExpert()));
            });
  }

  /**
   * Takes an expert out, with all its domains and what was counted of them.
   *
   * @param name the expert's name
   * @return the list that counts
   * @throws AdministrationException if there is no such expert, or no other
   * @throws InterruptedException if interrupted while the broker answers
   */
  public ExpertsChanged removeExpert(String name) throws InterruptedException {
    return remove(
        list -> withoutExpert(list, name),
        list ->
            "router %s has no expert %s; it has %s"
                .formatted(router, name, String.join(", ", names(list))));
  }

  private Optional<ExpertsChanged> withoutExpert(ExpertsChanged list, String name) {
    if (!names(list).contains(name)) {
      return Optional.empty();
    }
    return Optional.of(
        next(
            list,
            list.getExperts().stream().filter(e -> !e.getName().equals(name)).toList(),
            list.getDomains().stream().filter(d -> !d.getExpert().equals(name)).toList()));
  }

  private void requireAny(ExpertsChanged list) {
    if (list.getExperts().isEmpty()) {
      throw new AdministrationException(
          "router %s would have no expert left: it needs at least one".formatted(router));
    }
  }

  private static List<String> names(ExpertsChanged list) {
    return list.getExperts().stream().map(Expert::getName).toList();
  }

  /**
   * Lets a domain in; what is counted of it begins with the records that come from now on. Its
   * expert comes back with it if it went with it.
   *
   * @param domain the domain
   * @param expert its expert; when empty the one that it had before, or the one of its name
   * @return the list that counts
   * @throws AdministrationException if the domain is there, or its expert is not known
   * @throws InterruptedException if interrupted while the broker answers
   */
  public ExpertsChanged addDomain(String domain, Optional<String> expert)
      throws InterruptedException {
    return change(
        (list, state, again) -> {
          if (again && list.getDomains().stream().anyMatch(d -> d.getDomain().equals(domain))) {
            return list;
          }
          requireNew(list, domain);
          Id fit = state.fit(router).orElseThrow().getId();
          Expert chosen = expertFor(domain, expert, list, state.lastExpert(fit, domain));
          List<Expert> experts = new ArrayList<>(list.getExperts());
          if (!experts.contains(chosen)) {
            experts.add(chosen);
          }
          List<DomainExpert> pairs = new ArrayList<>(list.getDomains());
          pairs.add(new DomainExpert(domain, chosen.getName()));
          return next(list, experts, pairs);
        });
  }

  private Expert expertFor(
      String domain, Optional<String> wanted, ExpertsChanged list, Optional<Expert> last) {
    String name = wanted.or(() -> last.map(Expert::getName)).orElse(domain);
    return list.getExperts().stream()
        .filter(e -> e.getName().equals(name))
        .findFirst()
        .or(() -> last.filter(e -> e.getName().equals(name)))
        .orElseThrow(
            () ->
                new AdministrationException(
                    "no expert %s for domain %s; router %s has %s: name one of them, or add the expert"
                        .formatted(name, domain, router, String.join(", ", names(list)))));
  }

  /**
   * Takes a domain out, with what was counted of it; records of it that come later are set aside.
   * An expert whose last domain it was goes too.
   *
   * @param domain the domain
   * @return the list that counts
   * @throws AdministrationException if there is no such domain, or no expert would be left
   * @throws InterruptedException if interrupted while the broker answers
   */
  public ExpertsChanged removeDomain(String domain) throws InterruptedException {
    return remove(
        list -> withoutDomain(list, domain),
        list ->
            "router %s has no domain %s; it has %s"
                .formatted(
                    router,
                    domain,
                    String.join(
                        ", ", list.getDomains().stream().map(DomainExpert::getDomain).toList())));
  }

  private Optional<ExpertsChanged> withoutDomain(ExpertsChanged list, String domain) {
    List<DomainExpert> pairs =
        list.getDomains().stream().filter(d -> !d.getDomain().equals(domain)).toList();
    if (pairs.size() == list.getDomains().size()) {
      return Optional.empty();
    }
    List<Expert> experts =
        list.getExperts().stream()
            .filter(
                e ->
                    pairs.stream().anyMatch(d -> d.getExpert().equals(e.getName()))
                        // An expert that never had a domain is none of ours to take.
                        || list.getDomains().stream()
                            .noneMatch(d -> d.getExpert().equals(e.getName())))
            .toList();
    return Optional.of(next(list, experts, pairs));
  }

  private ExpertsChanged next(
      ExpertsChanged list, List<Expert> experts, List<DomainExpert> domains) {
    List<String> leftOut =
        list.getLeftOut().stream()
            .filter(name -> domains.stream().noneMatch(d -> d.getDomain().equals(name)))
            .toList();
    return new ExpertsChanged(
        router, list.getVersion() + 1, experts, domains, list.getFit().orElse(null), leftOut);
  }

  private ExpertsChanged remove(Shortening shorter, Function<ExpertsChanged, String> absent)
      throws InterruptedException {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      ExpertsChanged changed =
          change(
              log,
              (list, state, again) -> {
                Optional<ExpertsChanged> next = shorter.apply(list);
                if (next.isEmpty() && !again) {
                  throw new AdministrationException(absent.apply(list));
                }
                next.ifPresent(this::requireAny);
                return next.orElse(list);
              });
      for (Fit fit : log.state().fits(router)) {
        removeFromReplay(log, fit.getId(), shorter);
      }
      return changed;
    }
  }

  /** One that would be left without an expert stays as it is, and can't take over. */
  private void removeFromReplay(ControlLog log, Id fit, Shortening shorter)
      throws InterruptedException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      // It may have taken over just now.
      boolean retired = log.state().status(fit).equals(Optional.of(FitStatus.RETIRED));
      Optional<ExpertsChanged> list = retired ? Optional.empty() : log.state().experts(fit);
      Optional<ExpertsChanged> next =
          list.flatMap(shorter::apply).filter(shortened -> !shortened.getExperts().isEmpty());
      if (next.isEmpty() || log.append(passingOver(list.get(), next.get(), fit))) {
        return;
      }
    }
    throw changedByOthers();
  }

  /** A replay reads old records too: those of what is gone are no dead letters. */
  private static ExpertsChanged passingOver(ExpertsChanged list, ExpertsChanged next, Id fit) {
    List<String> leftOut = new ArrayList<>(next.getLeftOut());
    list.getDomains().stream()
        .filter(domain -> !next.getDomains().contains(domain))
        .forEach(domain -> leftOut.add(domain.getDomain()));
    return ExpertsChanged.newBuilder(next).setFit(fit).setLeftOut(leftOut).build();
  }

  private AdministrationException changedByOthers() {
    return new AdministrationException(
        "the experts of router %s were changed by others %d times meanwhile: try again"
            .formatted(router, ATTEMPTS));
  }

  ExpertsChanged change(Edit edit) throws InterruptedException {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      return change(log, edit);
    }
  }

  private ExpertsChanged change(ControlLog log, Edit edit) throws InterruptedException {
    boolean again = false;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      ExpertsChanged list = list(log.state());
      Id fit = log.state().fit(router).orElseThrow().getId();
      ExpertsChanged edited = edit.apply(list, log.state(), again);
      if (edited.equals(list)) {
        return list;
      }
      ExpertsChanged wanted = ExpertsChanged.newBuilder(edited).setFit(fit).build();
      if (log.append(wanted)) {
        if (log.state().fit(router).map(Fit::getId).equals(Optional.of(fit))) {
          return wanted;
        }
        // The router moved over meanwhile: it counted for the fit that served before.
        again = true;
      } else if (log.state().experts(fit).filter(list::equals).isPresent()) {
        throw new AdministrationException(
            "the new list of router %s was refused: at most %d experts and %d domains, and no domain both counted and left out"
                .formatted(router, ControlState.MAX_EXPERTS, ControlState.MAX_DOMAINS));
      }
    }
    throw changedByOthers();
  }
}
