package io.dume.demo;

import ai.djl.ndarray.NDManager;
import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import io.dume.demo.ModelFiles.Weights;
import io.dume.demo.TrainingLoop.Stage;
import io.dume.demo.TrainingOptions.Tune;
import io.dume.models.TensorType;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Makes the demo's experts from nothing: a byte-level vocabulary and a base model from the training
 * text of all domains, then one expert a domain from that base. Validation text is only watched,
 * test text never read.
 *
 * <p>With {@link Tune#MLPS} everything outside the MLPs stays what it was in the base, bit for bit,
 * in every expert, so the backbone of their merge is the base's.
 *
 * <p>A model's {@code max_position_embeddings} is the context that it was trained with: beyond that
 * nothing was learnt.
 *
 * <p>Experts are written in float16, the base in float32. One run a JVM at a time: DJL collects the
 * gradients of one thread only.
 */
public final class DemoTrainer {

  private final TrainingOptions options;
  private final Consumer<TrainingProgress> progress;
  private final Clock clock;
  private final Instant begun;
  private final Map<String, TokenStream> train = new LinkedHashMap<>();
  private final Map<String, TokenStream> validation = new LinkedHashMap<>();
  private final Map<String, Double> losses = new LinkedHashMap<>();
  private long tokensLeft;
  private Instant lastReport;
  private int lastStep;

  private DemoTrainer(TrainingOptions options, Consumer<TrainingProgress> progress, Clock clock) {
    this.options = options;
    this.progress = progress;
    this.clock = clock;
    this.begun = clock.instant();
    this.lastReport = begun;
  }

  /**
   * Trains and writes all experts.
   *
   * @param progress hears of each stage about every 50 steps, on the calling thread
   * @return the losses that training ended with
   * @throws IOException if the text cannot be read or a model not be written
   * @throws IllegalArgumentException if a domain's text is too short for one step
   * @throws ArithmeticException if training diverges
   */
  public static TrainingReport run(TrainingOptions options, Consumer<TrainingProgress> progress)
      throws IOException {
    return run(options, progress, Clock.systemUTC());
  }

  static TrainingReport run(
      TrainingOptions options, Consumer<TrainingProgress> progress, Clock clock)
      throws IOException {
    return new DemoTrainer(options, progress, clock).run();
  }

  private TrainingReport run() throws IOException {
    Path tokenizer = options.base().isPresent() ? options.base().get() : trainTokenizer();
    tokenize(tokenizer);
    List<Stage> experts = options.domains().stream().map(this::expertStage).toList();
    experts.forEach(stage -> tokensLeft += tokens(stage));
    Weights base = options.base().isPresent() ? ModelFiles.read(tokenizer) : trainBase(tokenizer);
    for (Stage stage : experts) {
      Weights expert = learn(base, stage);
      write(stage.name(), expert, TensorType.F16, tokenizer);
    }
    return new TrainingReport(losses, Duration.between(begun, clock.instant()));
  }

  private Path trainTokenizer() throws IOException {
    List<String> texts = new ArrayList<>();
    for (String domain : options.domains()) {
      try (Stream<Document> documents = options.documents(domain, Split.TRAIN)) {
        documents.map(Document::text).forEach(texts::add);
      }
    }
    BytePairEncoding encoding = BpeTrainer.train(texts, options.sizes().vocabulary());
    if (encoding.size() < options.sizes().vocabulary()) {
      throw new IllegalArgumentException(
          "vocabulary is "
              + options.sizes().vocabulary()
              + ", but the text has pairs for only "
              + encoding.size()
              + " entries: ask for fewer or give more text");
    }
    Path directory = options.out().resolve("base");
    Files.createDirectories(directory);
    TokenizerFiles.write(encoding, options.context(), directory);
    return directory;
  }

  private void tokenize(Path directory) throws IOException {
    try (Tokenizer tokenizer = Tokenizer.load(directory)) {
      for (String domain : options.domains()) {
        train.put(domain, stream(tokenizer, domain, Split.TRAIN));
        validation.put(domain, stream(tokenizer, domain, Split.VALIDATION));
      }
    }
  }

  private TokenStream stream(Tokenizer tokenizer, String domain, Split split) throws IOException {
    try (Stream<Document> documents = options.documents(domain, split)) {
      return new TokenStream(
          documents.map(document -> TokenStream.ended(tokenizer.encode(document.text()))).toList());
    }
  }

  private Weights trainBase(Path directory) throws IOException {
    Stage stage =
        new Stage(
            "base",
            TokenStream.of(List.copyOf(train.values())),
            TokenStream.of(List.copyOf(validation.values())),
            options.basePasses(),
            options.baseRate(),
            name -> true);
    tokensLeft += tokens(stage);
    Weights base;
    try (NDManager manager = NDManager.newBaseManager()) {
      TrainableLlama model =
          TrainableLlama.random(manager, options.sizes(), options.context(), options.seed());
      base = learn(manager, model, options.sizes(), stage);
    }
    write("base", base, TensorType.F32, directory);
    return base;
  }

  private Stage expertStage(String domain) {
    Predicate<String> tuned =
        options.tune() == Tune.ALL ? name -> true : name -> name.contains(".mlp.");
    return new Stage(
        domain,
        train.get(domain),
        validation.get(domain),
        options.expertPasses(),
        options.expertRate(),
        tuned);
  }

  private Weights learn(Weights from, Stage stage) {
    try (NDManager manager = NDManager.newBaseManager()) {
      TrainableLlama model =
          TrainableLlama.of(manager, from.sizes(), options.context(), from.values());
      return learn(manager, model, from.sizes(), stage);
    }
  }

  private Weights learn(
      NDManager manager, TrainableLlama model, TrainingOptions.Sizes sizes, Stage stage) {
    lastStep = 0;
    lastReport = clock.instant();
    new TrainingLoop(
            manager, model, options.context(), options.batch(), options.seed(), this::report)
        .run(stage);
    return new Weights(sizes, model.values());
  }

  private void report(
      String stage, int step, int steps, double loss, OptionalDouble validationLoss) {
    Instant now = clock.instant();
    long learnt = (long) (step - lastStep) * options.context() * options.batch();
    tokensLeft -= learnt;
    double seconds = Math.max(1e-3, Duration.between(lastReport, now).toNanos() / 1e9);
    double speed = learnt / seconds;
    Duration left = Duration.ofSeconds(Math.round(tokensLeft / speed));
    validationLoss.ifPresent(value -> losses.put(stage, value));
    progress.accept(new TrainingProgress(stage, step, steps, loss, validationLoss, speed, left));
    lastReport = now;
    lastStep = step;
  }

  private long tokens(Stage stage) {
    return (long) TrainingLoop.steps(stage, options.context(), options.batch())
        * options.context()
        * options.batch();
  }

  private void write(String name, Weights weights, TensorType type, Path tokenizer)
      throws IOException {
    ModelFiles.write(options.out().resolve(name), weights, type, options.context(), tokenizer);
  }
}
