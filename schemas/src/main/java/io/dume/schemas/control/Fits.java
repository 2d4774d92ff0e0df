package io.dume.schemas.control;

import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.MixedIn;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

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
   * Joins the fit of a router, and creates it, with the list of experts, when there is none.
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
      log.append(new FitCreated(router, proposal, clock.instant().truncatedTo(ChronoUnit.MILLIS)));
    }
    Fit fit =
        log.state()
            .fit(router)
            .orElseThrow(
                () ->
                    new IncompatibleFitException(
                        "the fit of router %s could not be created: another router has it already;"
                                .formatted(router)
                            + " give this one a label of its own"));
    List<String> differences = differences(fit, proposal);
    boolean otherProfile = !fit.getProfile().equals(proposal.getProfile());
    if (otherProfile && !mixed) {
      differences.add(
          "numeric profile: %s in the fit, %s here (--mixed lets it in, and versions show it)"
              .formatted(describe(fit.getProfile()), describe(proposal.getProfile())));
    }
    refuse(router, differences);
    // Only who belongs to the fit may say which experts it has.
    if (log.state().experts(router).isEmpty()) {
      List<DomainExpert> domains =
          experts.stream().map(e -> new DomainExpert(e.getName(), e.getName())).toList();
      log.append(new ExpertsChanged(router, 1, experts, domains));
    }
    ExpertsChanged list =
        log.state()
            .experts(router)
            .orElseThrow(
                () ->
                    new IncompatibleFitException(
                        "the experts of router %s are not a valid list: names must differ"
                            .formatted(router)));
    for (Expert expert : list.getExperts()) {
      if (experts.stream().noneMatch(expert::equals)) {
        differences.add(
            "expert %s: not in this model with the same MLPs".formatted(expert.getName()));
      }
    }
    refuse(router, differences);
    if (otherProfile && !log.state().mixed(fit.getId())) {
      // Before the first flush, so that no version with its statistics can miss it.
      log.append(new MixedIn(fit.getId(), describe(proposal.getProfile())));
    }
    return new Joined(fit, list, otherProfile);
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
