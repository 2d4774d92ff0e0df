package io.dume.schemas.control;

import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.MixedIn;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Joining a fit: whoever comes first creates it, all others must fit in. */
public final class Fits {
  private Fits() {}

  /**
   * What a worker found when it joined.
   *
   * @param fit the fit as the log has it
   * @param experts the list of experts as the log has it
   * @param mixed true if the worker's numeric profile is not the fit's
   */
  public record Joined(Fit fit, ExpertsChanged experts, boolean mixed) {}

  /**
   * What a replay counts.
   *
   * @param experts in column order, all of them in the model
   * @param domains which domain belongs to which expert
   * @param leftOut domains whose records are passed over
   */
  public record Selection(List<Expert> experts, List<DomainExpert> domains, List<String> leftOut) {
    public Selection {
      experts = List.copyOf(experts);
      domains = List.copyOf(domains);
      leftOut = List.copyOf(leftOut);
    }

    /**
     * Everything that a model has an expert for.
     *
     * @param experts the model's experts, in column order
     * @return each expert with a domain of its own name, and nothing left out
     */
    public static Selection all(List<Expert> experts) {
      return new Selection(
          experts,
          experts.stream().map(e -> new DomainExpert(e.getName(), e.getName())).toList(),
          List.of());
    }
  }

  /**
   * Joins the fit of a router, and creates it, with the list of experts, when there is none. Joins
   * a replay's fit when the proposal is that of the replay.
   *
   * @param log the control log, which is read to its end
   * @param router the router's name
   * @param proposal the fit as this worker would create it
   * @param experts the model's experts, in column order; each is a domain of its own name
   * @param mixed whether another numeric profile is let in
   * @param clock for the time of creation
   * @return the fit that counts
   * @throws IncompatibleFitException if the fit that counts differs from the proposal
   * @throws InterruptedException if interrupted while the broker answers
   */
  public static Joined join(
      ControlLog log, String router, Fit proposal, List<Expert> experts, boolean mixed, Clock clock)
      throws InterruptedException {
    log.catchUp();
    if (log.state().fit(router).isEmpty()) {
      log.append(new FitCreated(router, proposal, now(clock), false));
    }
    Fit fit =
        candidate(log.state(), router, proposal)
            .or(() -> log.state().fit(router))
            .orElseThrow(() -> taken(router));
    requireNotRetired(log.state(), router, proposal);
    boolean otherProfile = requireSame(router, fit, proposal, mixed);
    // Only who belongs to the fit may say which experts it has, and of a replay only who asked.
    if (log.state().experts(fit.getId()).isEmpty()
        && log.state().status(fit.getId()).equals(Optional.of(FitStatus.SERVING))) {
      list(log, router, fit, Selection.all(experts));
    }
    ExpertsChanged list = listed(log.state(), router, fit);
    requireExperts(router, list, experts);
    noteProfile(log, fit, proposal, otherProfile);
    return new Joined(fit, list, otherProfile);
  }

  /**
   * Starts a replay, or goes on with one: a fit beside the one that serves. Creates the router's
   * fit if it has none.
   *
   * @param log the control log, which is read to its end
   * @param router the router's name
   * @param proposal the fit with its start offsets; those of a replay that goes on stand
   * @param selection what it counts; that of a replay that goes on stands
   * @param mixed whether another numeric profile is let in
   * @param clock for the time of creation
   * @return the fit as the log has it
   * @throws IncompatibleFitException if the router has or had a fit of these settings that is no
   *     replay any more, or the one that counts differs
   * @throws InterruptedException if interrupted while the broker answers
   */
  public static Joined replay(
      ControlLog log, String router, Fit proposal, Selection selection, boolean mixed, Clock clock)
      throws InterruptedException {
    log.catchUp();
    Id id = proposal.getId();
    if (log.state().fit(id).isEmpty()) {
      log.append(new FitCreated(router, proposal, now(clock), true));
    }
    requireNotRetired(log.state(), router, proposal);
    Fit fit =
        log.state()
            .fit(id)
            .filter(f -> log.state().router(id).equals(Optional.of(router)))
            .orElseThrow(() -> taken(router));
    boolean otherProfile = requireSame(router, fit, proposal, mixed);
    if (log.state().experts(id).isEmpty()) {
      list(log, router, fit, selection);
    }
    ExpertsChanged list = listed(log.state(), router, fit);
    requireExperts(router, list, selection.experts());
    noteProfile(log, fit, proposal, otherProfile);
    return new Joined(fit, list, otherProfile);
  }

  private static Instant now(Clock clock) {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  private static Optional<Fit> candidate(ControlState state, String router, Fit proposal) {
    Id id = proposal.getId();
    return state
        .fit(id)
        .filter(f -> state.router(id).equals(Optional.of(router)))
        .filter(f -> state.status(id).equals(Optional.of(FitStatus.CANDIDATE)));
  }

  private static IncompatibleFitException taken(String router) {
    return new IncompatibleFitException(
        "the fit of router %s could not be created: another router has it already, or it was removed;"
                .formatted(router)
            + " give this one a label of its own");
  }

  private static void requireNotRetired(ControlState state, String router, Fit proposal) {
    if (state.status(proposal.getId()).equals(Optional.of(FitStatus.RETIRED))) {
      throw new IncompatibleFitException(
          "router %s had a fit of these settings, and was moved to another: take the settings of the fit that serves, or give this one a label of its own"
              .formatted(router));
    }
  }

  private static boolean requireSame(String router, Fit fit, Fit proposal, boolean mixed) {
    List<String> differences = differences(fit, proposal);
    boolean otherProfile = !fit.getProfile().equals(proposal.getProfile());
    if (otherProfile && !mixed) {
      differences.add(
          "numeric profile: %s in the fit, %s here (--mixed lets it in, and versions show it)"
              .formatted(describe(fit.getProfile()), describe(proposal.getProfile())));
    }
    refuse(router, differences);
    return otherProfile;
  }

  private static void list(ControlLog log, String router, Fit fit, Selection selection)
      throws InterruptedException {
    log.append(
        new ExpertsChanged(
            router, 1, selection.experts(), selection.domains(), fit.getId(), selection.leftOut()));
  }

  private static ExpertsChanged listed(ControlState state, String router, Fit fit) {
    return state
        .experts(fit.getId())
        .orElseThrow(
            () ->
                new IncompatibleFitException(
                    "router %s has no valid list of experts: names must differ, and of a replay whoever started it must list them"
                        .formatted(router)));
  }

  private static void requireExperts(String router, ExpertsChanged list, List<Expert> here) {
    List<String> missing = new ArrayList<>();
    for (Expert expert : list.getExperts()) {
      if (!here.contains(expert)) {
        missing.add("expert %s: not in this model with the same MLPs".formatted(expert.getName()));
      }
    }
    refuse(router, missing);
  }

  private static void noteProfile(ControlLog log, Fit fit, Fit proposal, boolean otherProfile)
      throws InterruptedException {
    if (otherProfile && !log.state().mixed(fit.getId())) {
      // Before the first flush, so that no version with its statistics can miss it.
      log.append(new MixedIn(fit.getId(), describe(proposal.getProfile())));
    }
  }

  private static void refuse(String router, List<String> differences) {
    if (!differences.isEmpty()) {
      throw new IncompatibleFitException(
          "this worker can't join the fit of router %s: %s"
              .formatted(router, String.join("; ", differences)));
    }
  }

  private static List<String> differences(Fit fit, Fit proposal) {
    List<String> differences = new ArrayList<>();
    compare("backbone", fit.getBackbone(), proposal.getBackbone(), differences);
    compare("feature source", fit.getFeatureSource(), proposal.getFeatureSource(), differences);
    compare("context_dim", fit.getContextDim(), proposal.getContextDim(), differences);
    compare("fraction bits", fit.getFractionBits(), proposal.getFractionBits(), differences);
    compare("tile size", fit.getTileSize(), proposal.getTileSize(), differences);
    compare("layers", fit.getLayers(), proposal.getLayers(), differences);
    compare("hidden size", fit.getWidth(), proposal.getWidth(), differences);
    compare("vocabulary", fit.getVocabulary(), proposal.getVocabulary(), differences);
    compare(
        "largest sequence",
        fit.getMaxSequenceTokens(),
        proposal.getMaxSequenceTokens(),
        differences);
    compare("largest record", fit.getMaxRecordTokens(), proposal.getMaxRecordTokens(), differences);
    compare("label", quoted(fit.getLabel()), quoted(proposal.getLabel()), differences);
    compare("tokenizer", fit.getTokenizer(), proposal.getTokenizer(), differences);
    return differences;
  }

  private static void compare(String field, Object there, Object here, List<String> differences) {
    if (!there.equals(here)) {
      differences.add("%s: %s in the fit, %s here".formatted(field, there, here));
    }
  }

  private static String quoted(String label) {
    return '"' + label + '"';
  }

  private static String describe(ExtractionProfile profile) {
    return "%s, %s, %s, %s Gram"
        .formatted(
            profile.getDeviceKind(),
            profile.getInstructionSet(),
            profile.getLibrary(),
            profile.getGramType());
  }
}
