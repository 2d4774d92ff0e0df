package io.dume.schemas.control;

import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the control log says of one fit. */
final class KnownFit {
  private final String router;
  private final Fit fit;
  private final Set<Membership> everyMembership = new HashSet<>();
  private final List<CutRequested> requests = new ArrayList<>();
  private FitStatus status = FitStatus.CANDIDATE;
  private Optional<ExpertsChanged> experts = Optional.empty();
  private Optional<ExpertsChanged> beside = Optional.empty();
  private Map<String, Membership> memberships = Map.of();
  private final Map<String, Expert> lastExperts = new HashMap<>();

  KnownFit(String router, Fit fit) {
    this.router = router;
    this.fit = fit;
  }

  String router() {
    return router;
  }

  Fit fit() {
    return fit;
  }

  FitStatus status() {
    return status;
  }

  void promote() {
    status = FitStatus.SERVING;
  }

  void retire() {
    status = FitStatus.RETIRED;
  }

  Optional<ExpertsChanged> experts() {
    return experts;
  }

  /** What served when the first list came. */
  Optional<ExpertsChanged> beside() {
    return beside;
  }

  /** Takes the next list of experts; false if it is not the next. */
  boolean change(ExpertsChanged changed, Optional<ExpertsChanged> serving) {
    if (changed.getVersion() != experts.map(ExpertsChanged::getVersion).orElse(0) + 1) {
      return false;
    }
    if (experts.isEmpty()) {
      beside = serving;
    }
    Map<String, Expert> byName = new HashMap<>();
    changed.getExperts().forEach((Expert e) -> byName.put(e.getName(), e));
    Map<String, Membership> now = new LinkedHashMap<>();
    for (DomainExpert listed : changed.getDomains()) {
      String domain = listed.getDomain();
      Expert expert = byName.get(listed.getExpert());
      String mlp = expert.getMlp();
      lastExperts.put(domain, expert);
      Membership before = memberships.get(domain);
      boolean goesOn = before != null && before.mlp().equals(mlp);
      now.put(domain, goesOn ? before : new Membership(domain, mlp, changed.getVersion()));
    }
    experts = Optional.of(changed);
    memberships = Collections.unmodifiableMap(now);
    everyMembership.addAll(now.values());
    return true;
  }

  Map<String, Membership> memberships() {
    return memberships;
  }

  Set<Membership> everyMembership() {
    return Collections.unmodifiableSet(everyMembership);
  }

  Optional<Expert> lastExpert(String domain) {
    return Optional.ofNullable(lastExperts.get(domain));
  }

  void request(CutRequested request) {
    requests.add(request);
  }

  List<CutRequested> requests() {
    return requests;
  }
}
