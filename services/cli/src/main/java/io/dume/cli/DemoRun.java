package io.dume.cli;

import io.dume.administration.RoutingPolicies;
import io.dume.demo.DemoAssets;
import io.dume.evaluator.Comparison;
import io.dume.evaluator.EvaluationSet;
import io.dume.evaluator.Evaluator;
import io.dume.evaluator.Perplexity;
import io.dume.evaluator.PolicySearch;
import io.dume.evaluator.RoutingChoice;
import io.dume.feed.Feed;
import io.dume.feed.FeedConfig;
import io.dume.feed.FeedSource;
import io.dume.feed.ModelTextEncoder;
import io.dume.models.DenseModel;
import io.dume.models.Device;
import io.dume.models.MixtureModel;
import io.dume.models.RoutingPolicy;
import io.dume.models.Tokenizer;
import io.dume.router.Router;
import io.dume.router.RouterSubscription;
import io.dume.schemas.message.DomainTokens;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * One demo on an installation that is up: the text of all domains as a live feed, a short document
 * of each for a first version, then the rest; meanwhile each version is judged on a sample of test
 * text. The last one is judged on all of it.
 */
final class DemoRun {

  /** Enough that a row's third digit means something, little enough to keep up with the feed. */
  private static final long SAMPLE_TOKENS = 4_000;

  /** Of each domain, to choose a policy by: read some ten times. */
  private static final long SEARCH_TOKENS = 3_000;

  /** A live feed's pace: what one worker and the judging of versions keep up with on two cores. */
  private static final double TOKENS_PER_SECOND = 12_000;

  private static final Duration POLL = Duration.ofMillis(200);

  private final Installation installation;
  private final Path directory;
  private final Path model;
  private final Extent extent;
  private final Console console;
  private final StopSignal stop;
  private final Clock clock;

  /**
   * How much text.
   *
   * @param fedTokens of each domain, about
   * @param testTokens of each domain in the last table, at most about
   */
  record Extent(long fedTokens, long testTokens) {}

  DemoRun(
      Installation installation,
      Path directory,
      Path model,
      Extent extent,
      Console console,
      StopSignal stop,
      Clock clock) {
    this.installation = installation;
    this.directory = directory;
    this.model = model;
    this.extent = extent;
    this.console = console;
    this.stop = stop;
    this.clock = clock;
  }

  /**
   * Runs to the last version.
   *
   * @throws StoppedException if the process is asked to stop
   * @throws IllegalStateException if a part can't go on
   */
  DemoReport run() throws IOException {
    try (MixtureModel mixture = MixtureModel.load(model, Device.CPU);
        RouterSubscription versions =
            RouterSubscription.open(
                installation.kafka(), installation.topics(), installation.router())) {
      CompletableFuture<Long> finalVersion = new CompletableFuture<>();
      ServiceThread feeding =
          ServiceThread.start("dume-demo-feed", () -> finalVersion.complete(feed()));
      feeding.failure().thenAccept(finalVersion::completeExceptionally);
      Evaluator sample = evaluator(DemoAssets.Split.TEST, SAMPLE_TOKENS);
      VersionRows rows = new VersionRows(console, baselines(sample, mixture));
      Router last = follow(versions, finalVersion, sample, mixture, rows);
      feeding.join();
      Router remembering = withMemory(versions, last, mixture);
      console.progress("reading all test text");
      Evaluator all = evaluator(DemoAssets.Split.TEST, extent.testTokens());
      Comparison comparison = baselines(all, mixture);
      Map<String, Map<String, Double>> columns = new LinkedHashMap<>();
      columns.put("dume", Comparison.values(judge(all, mixture, last, RoutingPolicy.PAPER)));
      columns.put(
          "dume-memory", Comparison.values(judge(all, mixture, remembering, chosen(remembering))));
      columns.putAll(comparison.methods());
      return new DemoReport(
          remembering.version(), Duration.ZERO, new Comparison(comparison.dense(), columns));
    }
  }

  /** Judges each version until the one that the feed ends with. */
  private Router follow(
      RouterSubscription versions,
      CompletableFuture<Long> finalVersion,
      Evaluator sample,
      MixtureModel mixture,
      VersionRows rows) {
    while (true) {
      if (stopped()) {
        throw stoppedEarly();
      }
      if (finalVersion.isCompletedExceptionally()) {
        // Throws what the feed ended with.
        finalVersion.join();
      }
      Optional<Router> next = versions.next(POLL);
      if (next.isPresent()) {
        Router router = next.get();
        rows.version(router, judge(sample, mixture, router, RoutingPolicy.PAPER));
        if (finalVersion.isDone() && router.version() >= finalVersion.join()) {
          return router;
        }
      }
    }
  }

  /**
   * Chooses by validation text how much the router remembers, and returns the version that carries
   * it: the same gates, since nothing was fed.
   */
  private Router withMemory(RouterSubscription versions, Router last, MixtureModel mixture)
      throws IOException {
    console.progress("choosing how much the router remembers, by validation text");
    PolicySearch.Judged best =
        new PolicySearch(
                evaluator(DemoAssets.Split.VALIDATION, SEARCH_TOKENS),
                judged ->
                    console.progress("%s: %.4f nats".formatted(judged.policy(), judged.loss())))
            .search(mixture, VersionDocument.weights(last), 1, 1);
    try {
      new RoutingPolicies(installation.kafka(), installation.topics(), installation.router())
          .choose(Policies.message(best.policy()), "chosen by validation text");
      long carrying = versionOfAll();
      while (true) {
        if (stopped()) {
          throw stoppedEarly();
        }
        Optional<Router> next = versions.next(POLL);
        if (next.isPresent() && next.get().version() >= carrying) {
          console.note("");
          console.note("Routing policy, chosen by validation text: " + chosen(next.get()));
          return next.get();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw stoppedEarly();
    }
  }

  private static RoutingPolicy chosen(Router router) {
    return Policies.of(router.description().getPolicy().orElseThrow());
  }

  private static StoppedException stoppedEarly() {
    return new StoppedException("stopped before the last version");
  }

  private boolean stopped() {
    installation.requireWell();
    return stop.requested();
  }

  /**
   * A short document of each domain, a version of these, then the rest of the text and a version of
   * all of it, whose number is returned.
   */
  private long feed() throws IOException, InterruptedException {
    try (ModelTextEncoder encoder = ModelTextEncoder.load(model)) {
      send(encoder, DemoText::shortest);
      versionOfAll();
      send(encoder, text -> text.rest(extent.fedTokens()));
      return versionOfAll();
    }
  }

  private long versionOfAll() throws InterruptedException {
    return installation.version(this::stopped).getVersion();
  }

  private void send(ModelTextEncoder encoder, Function<DemoText, InputStream> part)
      throws IOException, InterruptedException {
    FeedConfig config =
        FeedConfig.defaults(installation.kafka(), DemoAssets.CONTEXT_DIM)
            .withInterleave(true)
            .withTokensPerSecond(OptionalDouble.of(TOKENS_PER_SECOND));
    try (Feed feed =
        new Feed(config, encoder, new HashSet<>(DemoAssets.DOMAINS), progress -> {}, clock)) {
      stop.onRequest(feed::stop);
      feed.send(sources(part));
    }
    if (stopped()) {
      // Nobody waits for a version of what was cut off.
      throw stoppedEarly();
    }
  }

  private List<FeedSource> sources(Function<DemoText, InputStream> part) throws IOException {
    List<FeedSource> sources = new ArrayList<>();
    for (String domain : DemoAssets.DOMAINS) {
      DemoText text = DemoText.read(DemoAssets.corpus(directory, domain, DemoAssets.Split.TRAIN));
      sources.add(new FeedSource.JsonStream(part.apply(text), domain + "/train.jsonl"));
    }
    return sources;
  }

  private Evaluator evaluator(DemoAssets.Split split, long tokensPerDomain) throws IOException {
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      EvaluationSet.Builder set =
          EvaluationSet.builder(tokenizer, DemoAssets.CONTEXT_DIM, tokensPerDomain);
      for (String domain : DemoAssets.DOMAINS) {
        try (Stream<DemoAssets.Document> documents = DemoAssets.documents(domain, split)) {
          documents.forEach(document -> set.add(document.domain(), document.text()));
        }
      }
      return new Evaluator(
          set.build(),
          (domain, read, all) -> {
            if (stop.requested()) {
              throw stoppedEarly();
            }
            console.passingProgress(
                "%s text of %s: %d of %d windows"
                    .formatted(split.name().toLowerCase(Locale.ROOT), domain, read, all));
          });
    }
  }

  private static Map<String, Perplexity> judge(
      Evaluator evaluator, MixtureModel mixture, Router router, RoutingPolicy policy) {
    return evaluator.mixture(
        mixture, new RoutingChoice.Gates(VersionDocument.weights(router), policy));
  }

  private Comparison baselines(Evaluator evaluator, MixtureModel mixture) throws IOException {
    Map<String, Double> dense = new LinkedHashMap<>();
    for (String domain : DemoAssets.DOMAINS) {
      try (DenseModel expert = DenseModel.load(DemoAssets.expert(directory, domain), Device.CPU)) {
        dense.putAll(Comparison.values(evaluator.dense(expert, List.of(domain))));
      }
    }
    Map<String, Map<String, Double>> methods = new LinkedHashMap<>();
    methods.put(
        "average", Comparison.values(evaluator.mixture(mixture, new RoutingChoice.Average())));
    methods.put(
        "random", Comparison.values(evaluator.mixture(mixture, new RoutingChoice.Random(0))));
    methods.put(
        "oracle", Comparison.values(evaluator.mixture(mixture, new RoutingChoice.Oracle())));
    return new Comparison(dense, methods);
  }

  /** The rows that appear while versions arrive. */
  private static final class VersionRows {
    private static final String NAME = "%-18s %10s";
    private final Console console;
    private final Comparison baselines;

    VersionRows(Console console, Comparison baselines) {
      this.console = console;
      this.baselines = baselines;
      console.note("");
      console.note(
          "Normalised performance (dense perplexity / perplexity) on a sample of test text:");
      StringBuilder header = new StringBuilder(NAME.formatted("", "tokens"));
      baselines.domains().forEach(domain -> header.append(" %10s".formatted(domain)));
      console.note(header.append("       mean").toString());
      for (String method : baselines.methods().keySet()) {
        row(method, "", baselines, method);
      }
    }

    void version(Router router, Map<String, Perplexity> judged) {
      long tokens =
          router.description().getDomains().stream().mapToLong(DomainTokens::getTokens).sum();
      row(
          "router version " + router.version(),
          Long.toString(tokens),
          baselines.with("dume", judged),
          "dume");
    }

    private void row(String name, String tokens, Comparison comparison, String method) {
      StringBuilder row = new StringBuilder(NAME.formatted(name, tokens));
      for (String domain : comparison.domains()) {
        row.append(" %10.3f".formatted(comparison.normalised(method, domain)));
      }
      console.note(row.append(" %10.3f".formatted(comparison.meanNormalised(method))).toString());
    }
  }
}
