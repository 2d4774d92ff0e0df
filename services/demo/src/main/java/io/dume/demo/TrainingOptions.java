package io.dume.demo;

import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What {@link DemoTrainer} does. {@link #shipped} is the recipe of the experts that come with the
 * project; the {@code with…} methods change one thing each.
 *
 * @param out receives {@code base/} and a directory for each domain, in Hugging Face layout
 * @param corpora a directory with {@code DOMAIN/train.jsonl} and {@code DOMAIN/validation.jsonl};
 *     the text on the class path where empty
 * @param base a model directory that this trainer wrote, to begin the experts from: no tokenizer
 *     and no base are trained then, and the sizes are its own
 * @param domains one expert each
 * @param tune which weights an expert's training may change
 * @param sizes the model, where it is trained from nothing
 * @param context tokens of a training sequence
 * @param batch sequences of a step
 * @param basePasses passes over all domains' text that the base makes
 * @param expertPasses passes over its own domain's text that an expert makes
 * @param baseRate the highest learning rate of the base
 * @param expertRate the highest learning rate of an expert
 * @param seed of the first weights and of the order of the text
 */
public record TrainingOptions(
    Path out,
    Optional<Path> corpora,
    Optional<Path> base,
    List<String> domains,
    Tune tune,
    Sizes sizes,
    int context,
    int batch,
    double basePasses,
    double expertPasses,
    double baseRate,
    double expertRate,
    long seed) {

  /** Which weights an expert's training may change. */
  public enum Tune {
    /** The MLP matrices: all experts keep the base's attention, embeddings and norms. */
    MLPS,
    /** Every weight. */
    ALL
  }

  /**
   * A model's sizes.
   *
   * @param vocabulary entries of the tokenizer, 257 at least: the bytes and the end-of-text token
   * @param hidden width of the residual stream
   * @param layers blocks
   * @param heads attention heads
   * @param feedForward width within the MLPs
   */
  public record Sizes(int vocabulary, int hidden, int layers, int heads, int feedForward) {

    /** Refuses sizes of which no model can be made. */
    public Sizes {
      check("vocabulary", vocabulary, BytePairEncoding.FIRST_MERGE_ID);
      check("layers", layers, 1);
      check("heads", heads, 1);
      check("feedForward", feedForward, 1);
      check("hidden", hidden, 1);
      if (hidden % (2 * heads) != 0) {
        throw new IllegalArgumentException(
            "hidden is "
                + hidden
                + ", but rotary positions need an even width in each of the "
                + heads
                + " heads: choose a multiple of "
                + 2 * heads);
      }
    }

    int headWidth() {
      return hidden / heads;
    }
  }

  /** Refuses what cannot be trained, naming the field. */
  public TrainingOptions {
    domains = List.copyOf(domains);
    if (domains.isEmpty() || new HashSet<>(domains).size() < domains.size()) {
      throw new IllegalArgumentException(
          "domains is " + domains + ", but must name at least one domain and none twice");
    }
    check("context", context, 2);
    check("batch", batch, 1);
    positive("basePasses", basePasses);
    positive("expertPasses", expertPasses);
    positive("baseRate", baseRate);
    positive("expertRate", expertRate);
  }

  /**
   * The recipe of the experts that come with the project: a base of about a million parameters,
   * four passes over all text, then for each domain three passes that tune the MLPs alone.
   */
  public static TrainingOptions shipped(Path out) {
    return new TrainingOptions(
        out,
        Optional.empty(),
        Optional.empty(),
        DemoAssets.DOMAINS,
        Tune.MLPS,
        new Sizes(2048, 128, 4, 4, 352),
        DemoAssets.CONTEXT_DIM,
        8,
        4,
        3,
        3e-3,
        2e-3,
        1);
  }

  /** These options with another place for the results. */
  public TrainingOptions withOut(Path directory) {
    return new TrainingOptions(
        directory,
        corpora,
        base,
        domains,
        tune,
        sizes,
        context,
        batch,
        basePasses,
        expertPasses,
        baseRate,
        expertRate,
        seed);
  }

  /** These options with another choice of the weights that an expert's training may change. */
  public TrainingOptions withTune(Tune choice) {
    return new TrainingOptions(
        out,
        corpora,
        base,
        domains,
        choice,
        sizes,
        context,
        batch,
        basePasses,
        expertPasses,
        baseRate,
        expertRate,
        seed);
  }

  /** These options with another seed. */
  public TrainingOptions withSeed(long value) {
    return new TrainingOptions(
        out,
        corpora,
        base,
        domains,
        tune,
        sizes,
        context,
        batch,
        basePasses,
        expertPasses,
        baseRate,
        expertRate,
        value);
  }

  /** These options with other passes over the text. */
  public TrainingOptions withPasses(double ofBase, double ofExperts) {
    return new TrainingOptions(
        out,
        corpora,
        base,
        domains,
        tune,
        sizes,
        context,
        batch,
        ofBase,
        ofExperts,
        baseRate,
        expertRate,
        seed);
  }

  /** These options with the experts' training beginning from a base that is there already. */
  public TrainingOptions withBase(Path directory) {
    return new TrainingOptions(
        out,
        corpora,
        Optional.of(directory),
        domains,
        tune,
        sizes,
        context,
        batch,
        basePasses,
        expertPasses,
        baseRate,
        expertRate,
        seed);
  }

  /** These options with text from a directory, one expert for each of the domains named. */
  public TrainingOptions withCorpora(Path directory, List<String> names) {
    return new TrainingOptions(
        out,
        Optional.of(directory),
        base,
        names,
        tune,
        sizes,
        context,
        batch,
        basePasses,
        expertPasses,
        baseRate,
        expertRate,
        seed);
  }

  /** These options with one expert for each of the domains named, of the same text. */
  public TrainingOptions withDomains(List<String> names) {
    return new TrainingOptions(
        out,
        corpora,
        base,
        names,
        tune,
        sizes,
        context,
        batch,
        basePasses,
        expertPasses,
        baseRate,
        expertRate,
        seed);
  }

  /** These options with other sizes of the model and of a step. */
  public TrainingOptions withSizes(Sizes model, int tokens, int sequences) {
    return new TrainingOptions(
        out,
        corpora,
        base,
        domains,
        tune,
        model,
        tokens,
        sequences,
        basePasses,
        expertPasses,
        baseRate,
        expertRate,
        seed);
  }

  /** A domain's documents, from wherever they come. The stream must be closed. */
  public Stream<Document> documents(String domain, Split split) throws IOException {
    return corpora.isEmpty()
        ? DemoAssets.documents(domain, split)
        : DemoAssets.documents(
            Files.newBufferedReader(corpora.get().resolve(domain).resolve(split.fileName())));
  }

  private static void check(String field, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(
          field + " is " + value + ", but must be at least " + least);
    }
  }

  private static void positive(String field, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          field + " is " + value + ", but must be a number above zero");
    }
  }
}
