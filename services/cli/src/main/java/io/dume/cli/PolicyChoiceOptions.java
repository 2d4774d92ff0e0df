package io.dume.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Whether a router's policy is chosen while it is followed, and by what. */
final class PolicyChoiceOptions {

  static final String CHOOSE = "--choose-policy";
  private static final String TOKENS = "--policy-tokens";
  private static final String MARGIN = "--policy-margin";

  @Option(
      names = CHOOSE,
      paramLabel = "FILE",
      arity = "1..*",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description =
          "With --follow: looks with each version's gates for the policy that predicts these documents"
              + " best, and where it pays chooses it for the versions to come and asks for one at once."
              + " Of all domains, and other text than --jsonl. One evaluator of a router should do it."
              + " It writes what `dume policy` and `dume solve` write, and needs their access control"
              + " lists.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = TOKENS,
      paramLabel = "N",
      defaultValue = "4000",
      description =
          "Tokens of each domain that policies are tried on, some twelve times for each version's gates."
              + " Default: ${DEFAULT-VALUE}.")
  private long tokensPerDomain;

  @Option(
      names = MARGIN,
      paramLabel = "NATS",
      defaultValue = "0.002",
      description =
          "Nats a token by which a policy must predict better than the one that there is: 0.002 is a"
              + " fifth of a percent of perplexity. Default: ${DEFAULT-VALUE}.")
  private double margin;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  private Optional<EvaluationText> text = Optional.empty();

  boolean wanted() {
    return !files.isEmpty();
  }

  /**
   * Refuses what makes no sense, before anything long begins.
   *
   * @param follow whether a router is followed
   */
  void check(boolean follow) {
    if (wanted() && !follow) {
      throw usage("--choose-policy needs --follow; `dume policy choose` chooses once");
    }
    // Only what was typed: the environment may hold defaults for other runs.
    for (String option : List.of(TOKENS, MARGIN)) {
      if (!wanted() && command.commandLine().getParseResult().hasMatchedOption(option)) {
        throw usage("%s is for --choose-policy FILE, which is not there".formatted(option));
      }
    }
    if (wanted() && tokensPerDomain < 1) {
      throw usage("%s %d: at least 1".formatted(TOKENS, tokensPerDomain));
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  double margin() {
    return margin;
  }

  /** The documents, always the same object: it knows what of them was set aside. */
  EvaluationText text() {
    if (text.isEmpty()) {
      text = Optional.of(EvaluationText.of(files, tokensPerDomain));
    }
    return text.get();
  }

  /**
   * What is chosen on a text looks better there than it is.
   *
   * @throws IllegalArgumentException if a file is one of those that figures are reported on
   */
  void requireOtherTextThan(EvaluationText judged) throws IOException {
    OtherText.require(CHOOSE, files, "what is chosen on", "--jsonl", judged.files());
  }
}
