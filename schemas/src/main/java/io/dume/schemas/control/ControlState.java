package io.dume.schemas.control;

import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.MixedIn;
import io.dume.schemas.message.PolicyChosen;
import io.dume.schemas.message.SolveProfileFixed;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;

/**
 * What the control log says so far: a fold of its records in order, the same for every reader. Not
 * thread-safe.
 */
public final class ControlState {
  /** The most experts of a list that counts. */
  public static final int MAX_EXPERTS = 1024;

  /** The most domains of a list that counts. */
  public static final int MAX_DOMAINS = 65_536;

  /** The longest id of a request that counts, in characters; cuts list them. */
  public static final int MAX_REQUEST_CHARACTERS = 256;

  private final Map<String, Id> serving = new LinkedHashMap<>();
  private final Map<Id, KnownFit> fits = new LinkedHashMap<>();
  private final Set<Id> removed = new HashSet<>();
  private final Map<Id, SolveProfileFixed> solveProfiles = new HashMap<>();
  private final Map<Id, String> failures = new HashMap<>();
  private final Set<Id> mixed = new HashSet<>();
  private final Map<String, CutRequested> requests = new LinkedHashMap<>();
  private final Map<String, PolicyChosen> policies = new HashMap<>();
  private long changes;

  /**
   * Takes the next record of the log into account.
   *
   * @param record any message; those that are none of the control log's change nothing
   * @return true if it counted, false if an earlier record stands against it
   */
  public boolean apply(SpecificRecord record) {
    boolean counted = change(record);
    if (counted) {
      changes++;
    }
    return counted;
  }

  private boolean change(SpecificRecord record) {
    if (record instanceof FitCreated created) {
      return create(created);
    }
    if (record instanceof FitPromoted promoted) {
      return promote(promoted);
    }
    if (record instanceof FitRemoved gone) {
      return remove(gone);
    }
    if (record instanceof ExpertsChanged changed) {
      return known(changed)
          .filter(
              fit ->
                  RecordCheck.holds(changed) && fit.change(changed, experts(changed.getRouter())))
          .isPresent();
    }
    if (record instanceof SolveProfileFixed fixed) {
      return RecordCheck.holds(fixed) && solveProfiles.putIfAbsent(fixed.getFit(), fixed) == null;
    }
    if (record instanceof MixedIn mixedIn) {
      return mixed.add(mixedIn.getFit());
    }
    if (record instanceof FitFailed failed) {
      return failures.putIfAbsent(failed.getFit(), failed.getReason()) == null;
    }
    if (record instanceof PolicyChosen chosen) {
      return serving.containsKey(chosen.getRouter())
          && RecordCheck.holds(chosen)
          && !chosen.equals(policies.put(chosen.getRouter(), chosen));
    }
    if (record instanceof CutRequested request) {
      return RecordCheck.isShort(request.getRequest())
          && requests.putIfAbsent(request.getRequest(), request) == null;
    }
    return false;
  }

  private boolean create(FitCreated created) {
    Fit fit = created.getFit();
    boolean first = !serving.containsKey(created.getRouter());
    if (fits.containsKey(fit.getId())
        || removed.contains(fit.getId())
        || !first && !created.getCandidate()) {
      return false;
    }
    KnownFit known = new KnownFit(created.getRouter(), fit);
    fits.put(fit.getId(), known);
    if (first) {
      known.promote();
      serving.put(created.getRouter(), fit.getId());
    }
    return true;
  }

  private boolean promote(FitPromoted promoted) {
    KnownFit fit = fits.get(promoted.getFit());
    if (fit == null
        || !fit.router().equals(promoted.getRouter())
        || fit.status() == FitStatus.SERVING
        || failures.containsKey(promoted.getFit())
        || !RecordCheck.isShort(promoted.getRequest())) {
      return false;
    }
    fits.get(serving.get(promoted.getRouter())).retire();
    fit.promote();
    fit.request(
        new CutRequested(
            promoted.getRouter(), promoted.getRequest(), promoted.getUpTo(), null, false));
    serving.put(promoted.getRouter(), promoted.getFit());
    return true;
  }

  private boolean remove(FitRemoved gone) {
    KnownFit fit = fits.get(gone.getFit());
    if (fit == null
        || !fit.router().equals(gone.getRouter())
        || fit.status() == FitStatus.SERVING) {
      return false;
    }
    fits.remove(gone.getFit());
    return removed.add(gone.getFit());
  }

  /** Lists that name no fit are those of a time when a router had one fit. */
  private Optional<KnownFit> known(ExpertsChanged changed) {
    Optional<KnownFit> named =
        changed.getFit().isPresent()
            ? Optional.ofNullable(fits.get(changed.getFit().get()))
            : fits.values().stream()
                .filter(f -> f.router().equals(changed.getRouter()))
                .findFirst();
    return named.filter(fit -> fit.router().equals(changed.getRouter()));
  }

  /**
   * How a router's gates should be used.
   *
   * @param router the router's name
   * @return what was chosen last, or nothing while nobody has chosen: as in the paper
   */
  public Optional<PolicyChosen> policy(String router) {
    return Optional.ofNullable(policies.get(router));
  }

  /**
   * The fit that a router is made from.
   *
   * @param router the router's name
   * @return the fit that serves, or nothing while none was created
   */
  public Optional<Fit> fit(String router) {
    return Optional.ofNullable(serving.get(router)).map(id -> fits.get(id).fit());
  }

  /**
   * A fit.
   *
   * @param fit the fit's id
   * @return the fit, or nothing if no such fit was created, or if it was removed
   */
  public Optional<Fit> fit(Id fit) {
    return Optional.ofNullable(fits.get(fit)).map(KnownFit::fit);
  }

  /**
   * All fits of a router that were not removed.
   *
   * @param router the router's name
   * @return the fits in the order in which they were created
   */
  public List<Fit> fits(String router) {
    return fits.values().stream()
        .filter(fit -> fit.router().equals(router))
        .map(KnownFit::fit)
        .toList();
  }

  /** {@return the routers that have a fit, in the order in which they got it} */
  public List<String> routers() {
    return List.copyOf(serving.keySet());
  }

  /**
   * What becomes of a fit's statistics.
   *
   * @param fit the fit's id
   * @return the status, or nothing if no such fit was created, or if it was removed
   */
  public Optional<FitStatus> status(Id fit) {
    return Optional.ofNullable(fits.get(fit)).map(KnownFit::status);
  }

  /**
   * Whether a fit was removed.
   *
   * @param fit the fit's id
   * @return true if it was there once; its id can't be used again
   */
  public boolean removed(Id fit) {
    return removed.contains(fit);
  }

  /** {@return the ids of all fits that were removed, of any router} */
  public Set<Id> removed() {
    return Collections.unmodifiableSet(removed);
  }

  /** {@return how many records counted; the state is the same as long as this number is} */
  public long changes() {
    return changes;
  }

  /**
   * The router of a fit.
   *
   * @param fit the fit's id
   * @return the router's name, or nothing if no such fit was created, or if it was removed
   */
  public Optional<String> router(Id fit) {
    return Optional.ofNullable(fits.get(fit)).map(KnownFit::router);
  }

  /**
   * The experts of a router, in column order, and which domain belongs to which.
   *
   * @param router the router's name
   * @return the newest list of the fit that serves, or nothing while there is none
   */
  public Optional<ExpertsChanged> experts(String router) {
    return Optional.ofNullable(serving.get(router)).flatMap(this::experts);
  }

  /**
   * The experts of a fit, in column order, and which domain belongs to which.
   *
   * @param fit the fit's id
   * @return the newest list, or nothing while there is none
   */
  public Optional<ExpertsChanged> experts(Id fit) {
    return Optional.ofNullable(fits.get(fit)).flatMap(KnownFit::experts);
  }

  /**
   * What served when a fit got its first list: what became of that since, the fit may not know.
   *
   * @param fit the fit's id
   * @return the list of the fit that served then, or nothing if there was none
   */
  public Optional<ExpertsChanged> beside(Id fit) {
    return Optional.ofNullable(fits.get(fit)).flatMap(KnownFit::beside);
  }

  /**
   * The domains that are in a fit now.
   *
   * @param fit the fit's id
   * @return memberships by domain, in the order of the list; empty for a fit that is not there
   */
  public Map<String, Membership> memberships(Id fit) {
    return Optional.ofNullable(fits.get(fit)).map(KnownFit::memberships).orElse(Map.of());
  }

  /**
   * All memberships that a fit ever had: statistics of one may be on their way when it ends.
   *
   * @param fit the fit's id
   * @return a view that grows; empty for a fit that is not there
   */
  public Collection<Membership> everyMembership(Id fit) {
    return Optional.ofNullable(fits.get(fit)).map(KnownFit::everyMembership).orElse(Set.of());
  }

  /**
   * The expert that a domain has or had.
   *
   * @param fit the fit's id
   * @param domain a domain
   * @return the expert of the last list that had the domain, or nothing if none ever had it
   */
  public Optional<Expert> lastExpert(Id fit, String domain) {
    return Optional.ofNullable(fits.get(fit)).flatMap(known -> known.lastExpert(domain));
  }

  /**
   * How the layers of a fit are solved.
   *
   * @param fit the fit's id
   * @return the profile, or nothing while no solver has fixed it
   */
  public Optional<SolveProfileFixed> solveProfile(Id fit) {
    return Optional.ofNullable(solveProfiles.get(fit));
  }

  /**
   * Why a fit was stopped.
   *
   * @param fit the fit's id
   * @return the reason, or nothing if it is well
   */
  public Optional<String> failure(Id fit) {
    return Optional.ofNullable(failures.get(fit));
  }

  /**
   * Whether somebody of another numeric profile was let into a fit.
   *
   * @param fit the fit's id
   * @return false as long as all bits can be made again on any host of the fit's profile
   */
  public boolean mixed(Id fit) {
    return mixed.contains(fit);
  }

  /**
   * The requests for cuts of a fit: what its promotions ask for, and, while it serves, everything
   * that was asked of its router, in the order in which it was first asked.
   *
   * @param fit the fit's id
   * @return the requests
   */
  public List<CutRequested> requests(Id fit) {
    KnownFit known = fits.get(fit);
    if (known == null) {
      return List.of();
    }
    List<CutRequested> wanted = new ArrayList<>(known.requests());
    if (known.status() == FitStatus.SERVING) {
      requests.values().stream()
          .filter(request -> request.getRouter().equals(known.router()))
          .forEach(wanted::add);
    }
    return wanted;
  }
}
