package io.dume.schemas.control;

import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.MixedIn;
import io.dume.schemas.message.SolveProfileFixed;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
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

  private static final Set<String> FACTORISATIONS = Set.of("ejml", "openblas");

  private final Map<String, Fit> fitOfRouter = new LinkedHashMap<>();
  private final Map<Id, String> routerOfFit = new HashMap<>();
  private final Map<String, ExpertsChanged> experts = new HashMap<>();
  private final Map<Id, SolveProfileFixed> solveProfiles = new HashMap<>();
  private final Map<Id, String> failures = new HashMap<>();
  private final Set<Id> mixed = new HashSet<>();
  private final Map<String, CutRequested> requests = new LinkedHashMap<>();

  /**
   * Takes the next record of the log into account.
   *
   * @param record any message; those that are none of the control log's change nothing
   * @return true if it counted, false if an earlier record stands against it
   */
  public boolean apply(SpecificRecord record) {
    if (record instanceof FitCreated created) {
      if (fitOfRouter.containsKey(created.getRouter())
          || routerOfFit.containsKey(created.getFit().getId())) {
        return false;
      }
      fitOfRouter.put(created.getRouter(), created.getFit());
      routerOfFit.put(created.getFit().getId(), created.getRouter());
      return true;
    }
    if (record instanceof ExpertsChanged changed) {
      int next = experts(changed.getRouter()).map(e -> e.getVersion() + 1).orElse(1);
      if (changed.getVersion() != next || !consistent(changed)) {
        return false;
      }
      experts.put(changed.getRouter(), changed);
      return true;
    }
    if (record instanceof SolveProfileFixed fixed) {
      // The first one stands for good: one that no solver has would end all solving.
      return FACTORISATIONS.contains(fixed.getFactorisation())
          && solveProfiles.putIfAbsent(fixed.getFit(), fixed) == null;
    }
    if (record instanceof MixedIn mixedIn) {
      return mixed.add(mixedIn.getFit());
    }
    if (record instanceof FitFailed failed) {
      return failures.putIfAbsent(failed.getFit(), failed.getReason()) == null;
    }
    if (record instanceof CutRequested request) {
      return request.getRequest().length() <= MAX_REQUEST_CHARACTERS
          && requests.putIfAbsent(request.getRequest(), request) == null;
    }
    return false;
  }

  private static boolean consistent(ExpertsChanged changed) {
    if (changed.getExperts().size() > MAX_EXPERTS || changed.getDomains().size() > MAX_DOMAINS) {
      return false;
    }
    Set<String> names = new HashSet<>();
    for (var expert : changed.getExperts()) {
      if (!names.add(expert.getName())) {
        return false;
      }
    }
    Set<String> domains = new HashSet<>();
    for (var domain : changed.getDomains()) {
      if (!domains.add(domain.getDomain()) || !names.contains(domain.getExpert())) {
        return false;
      }
    }
    return !names.isEmpty();
  }

  /**
   * The fit that a router is made from.
   *
   * @param router the router's name
   * @return the fit, or nothing while none was created
   */
  public Optional<Fit> fit(String router) {
    return Optional.ofNullable(fitOfRouter.get(router));
  }

  /**
   * The router of a fit.
   *
   * @param fit the fit's id
   * @return the router's name, or nothing if no such fit was created
   */
  public Optional<String> router(Id fit) {
    return Optional.ofNullable(routerOfFit.get(fit));
  }

  /**
   * The experts of a router, in column order, and which domain belongs to which.
   *
   * @param router the router's name
   * @return the newest list, or nothing while there is none
   */
  public Optional<ExpertsChanged> experts(String router) {
    return Optional.ofNullable(experts.get(router));
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
   * All requests for a cut, by their id, in the order in which they were made.
   *
   * @return a view that grows
   */
  public Map<String, CutRequested> requests() {
    return java.util.Collections.unmodifiableMap(requests);
  }
}
