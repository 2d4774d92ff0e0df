package io.dume.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Whether a router's policy is chosen while it is followed, and by what. */
final class PolicyChoiceOptions {

  @Option(
      names = "--choose-policy",
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
      names = "--policy-tokens",
      paramLabel = "N",
      defaultValue = "4000",
      description =
          "Tokens of each domain that policies are tried on, some twelve times for each version's gates."
              + " Default: ${DEFAULT-VALUE}.")
  private long tokensPerDomain;

  @Option(
      names = "--policy-margin",
      paramLabel = "NATS",
      defaultValue = "0.002",
      description =
          "Nats a token by which a policy must predict better than the one that there is: 0.002 is a"
              + " fifth of a percent of perplexity. Default: ${DEFAULT-VALUE}.")
  private double margin;

  private Optional<EvaluationText> text = Optional.empty();

  boolean wanted() {
    return !files.isEmpty();
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
    for (Path file : files) {
      for (Path other : judged.files()) {
        if (Files.isSameFile(file, other) || Files.mismatch(file, other) < 0) {
          throw new IllegalArgumentException(
              "--choose-policy %s is what --jsonl judges by: what is chosen on a text looks better there than it is; give it text of its own"
                  .formatted(file));
        }
      }
    }
  }
}
