package io.dume.models;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Whether an expert can join a backbone that stays as it is. */
final class ExpertFit {

  private ExpertFit() {}

  /**
   * Refuses an expert of another architecture, with too few vocabulary rows, or whose tokens mean
   * something else.
   *
   * @param warnings receives what the user should know
   * @throws InvalidModelException naming the field, both values and what to do
   */
  static void require(MergedModel merged, Checkpoint expert, List<String> warnings)
      throws IOException {
    ConfigFields fields = ConfigFields.read(merged.directory().resolve(Checkpoint.CONFIG));
    ConfigFields own = ConfigFields.read(expert.directory().resolve(Checkpoint.CONFIG));
    try {
      ConfigDifferences.refuse(fields, merged.config(), own, expert.config());
    } catch (InvalidModelException e) {
      throw new InvalidModelException(
          e.getMessage()
              + ": to join a backbone that stays as it is, an expert must have its architecture;"
              + " add one that was tuned from the same base model",
          e);
    }
    requireRows(merged, expert, warnings);
    compareTokenizers(merged, expert, warnings);
  }

  private static void requireRows(MergedModel merged, Checkpoint expert, List<String> warnings)
      throws InvalidModelException {
    int rows = merged.config().vocabSize();
    int own = expert.config().vocabSize();
    if (own < rows) {
      throw InvalidModelException.of(
          expert.directory().resolve(Checkpoint.CONFIG),
          String.format(
              Locale.ROOT,
              "vocab_size = %d, the backbone in %s has %d rows and stays as it is: merge all experts"
                  + " anew, which keeps the rows that they share",
              own,
              merged.directory(),
              rows));
    }
    if (own > rows) {
      warnings.add(
          String.format(
              Locale.ROOT,
              "%s has %d vocabulary rows, the backbone keeps its %d",
              expert.directory(),
              own,
              rows));
    }
  }

  private static void compareTokenizers(
      MergedModel merged, Checkpoint expert, List<String> warnings) throws IOException {
    if (Tokenizer.isIn(merged.directory())) {
      MergedTokenizer.compare(merged.directory(), expert.directory(), merged.config().vocabSize())
          .ifPresent(warnings::add);
    } else if (Tokenizer.isIn(expert.directory())) {
      warnings.add(
          merged.directory() + " has no tokenizer.json and does not get that of its new expert");
    }
  }
}
