package io.dume.cli;

import io.dume.administration.ReplayProgress;
import io.dume.administration.Replays;
import io.dume.extractor.FeatureExtractor;
import io.dume.extractor.FeatureExtractorConfig;
import io.dume.extractor.FitProposal;
import io.dume.extractor.FitSettings;
import io.dume.extractor.LoadedModel;
import io.dume.models.Device;
import io.dume.models.FeatureSource;
import io.dume.router.RouterEvent;
import io.dume.router.RouterHistory;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.Fits;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;

/** One replay: joins or creates the fit, works on it, moves the router over. */
final class ReplayRun {
  private static final int PAPER_CONTEXT = 512;
  private static final Duration REPORT = Duration.ofSeconds(1);

  private final KafkaSettings kafka;
  private final Topics topics;
  private final String router;
  private final ReplayOptions options;
  private final CliContext context;
  private final Console console;
  private final List<FeatureExtractor> workers = new ArrayList<>();
  private final List<ServiceThread> threads = new ArrayList<>();

  ReplayRun(
      KafkaSettings kafka,
      Topics topics,
      String router,
      ReplayOptions options,
      CliContext context) {
    this.kafka = kafka;
    this.topics = topics;
    this.router = router;
    this.options = options;
    this.context = context;
    this.console = context.console();
  }

  int run(Path directory, Device device) throws Exception {
    if (options.workers() < 1) {
      throw new IllegalArgumentException("--workers %d: at least 1".formatted(options.workers()));
    }
    StopSignal stop = context.stop().arm();
    FeatureSource features = features();
    console.progress("loading the model");
    try (LoadedModel model = LoadedModel.open(features, directory, device, options.gram().type())) {
      Fit fit = join(model);
      try {
        for (int i = 0; i < options.workers(); i++) {
          start(fit, model, i);
        }
        return moveOver(fit, stop);
      } finally {
        workers.forEach(FeatureExtractor::stop);
        threads.forEach(ServiceThread::join);
      }
    }
  }

  /** Those who follow a router take its gates for one thing, so what they score never changes. */
  private FeatureSource features() {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      Optional<FeatureSource> serving =
          log.state().fit(router).map(fit -> FeatureSource.of(fit.getFeatureSource()));
      FeatureSource wanted = options.features().or(() -> serving).orElse(FeatureSource.MLP_INPUT);
      if (serving.isPresent() && serving.get() != wanted) {
        throw new IllegalArgumentException(
            "--features %s: router %s is solved from %s, and whoever follows it counts on that; give the other kind a router of its own: --router-name %s-%s"
                .formatted(wanted, router, serving.get(), router, wanted));
      }
      return wanted;
    }
  }

  private Fit join(LoadedModel model) throws InterruptedException {
    try (ControlLog log = new ControlLog(kafka, topics);
        Admin admin = Admin.create(kafka.admin())) {
      ReplayPlan plan = new ReplayPlan(log.state(), router, model.identity());
      FitSettings settings = settings(plan.serving(), model.identity().maxPositions());
      Fit unlabelled =
          FitProposal.of(
              admin, topics, settings, model.identity(), new FitProposal.Start.Beginning());
      Fits.Selection selection = plan.select(options.domains());
      Fit chosen =
          plan.choose(
              label -> labelled(unlabelled, label),
              options.label(),
              new ReplayPlan.Asked(
                  selection,
                  startAsked(admin, settings, model, unlabelled.getStart()),
                  this::answered));
      boolean goesOn = log.state().status(chosen.getId()).isPresent();
      // The first records may be gone by now that a replay began with; it counted them.
      Fit proposal =
          goesOn
              ? chosen
              : labelled(
                  FitProposal.of(admin, topics, settings, model.identity(), start(admin)),
                  chosen.getLabel());
      Fits.Joined joined =
          Fits.replay(log, router, proposal, selection, options.mixed(), context.clock());
      console.note(
          "%s replay %s, fit %s, of %s"
              .formatted(
                  goesOn ? "goes on with" : "begins",
                  joined.fit().getLabel(),
                  FitsCommand.shortened(joined.fit().getId()),
                  names(joined.experts())));
      return joined.fit();
    }
  }

  private Predicate<List<PartitionOffset>> startAsked(
      Admin admin, FitSettings settings, LoadedModel model, List<PartitionOffset> beginning)
      throws InterruptedException {
    if (options.from().isPresent()
        && options.from().get() instanceof FitProposal.Start.Since since) {
      Fit then = FitProposal.of(admin, topics, settings, model.identity(), since);
      return then.getStart()::equals;
    }
    return start -> ReplayPlan.mayBegin(start, options.from(), beginning);
  }

  /** Whether a fit has given a version that somebody waited for. */
  private boolean answered(Id fit) {
    try (RouterHistory history = RouterHistory.open(kafka, topics, router)) {
      return history.list().stream()
          .anyMatch(
              event ->
                  event instanceof RouterEvent.Published published
                      && published.version().getFit().getId().equals(fit)
                      && !published.version().getRequests().isEmpty());
    }
  }

  private static String names(ExpertsChanged list) {
    return String.join(", ", list.getDomains().stream().map(DomainExpert::getDomain).toList());
  }

  private static Fit labelled(Fit fit, String label) {
    Fit named = Fit.newBuilder(fit).setLabel(label).build();
    return Fit.newBuilder(named).setId(Ids.ofFit(named)).build();
  }

  /** As in the fit that serves, but for what was asked for. */
  private FitSettings settings(Optional<Fit> serving, int positions) {
    int contextDim =
        options
            .contextDim()
            .or(() -> serving.map(Fit::getContextDim))
            .orElse(Math.min(PAPER_CONTEXT, positions));
    FitSettings settings = FitSettings.of(contextDim).withRouter(router).withMixed(options.mixed());
    return serving
        .map(
            fit ->
                settings
                    .withStatistics(fit.getFractionBits(), fit.getTileSize())
                    .withLimits(
                        OptionalInt.of(Math.max(contextDim, fit.getMaxSequenceTokens())),
                        OptionalInt.of(fit.getMaxRecordTokens())))
        .orElse(settings);
  }

  private FitProposal.Start start(Admin admin) throws InterruptedException {
    if (options.from().isPresent()) {
      return options.from().get();
    }
    int partitions = Topics.partitions(admin, topics.tokenBatches()).orElse(0);
    Map<Integer, Long> first = new HashMap<>();
    for (int p = 0; p < partitions; p++) {
      first.put(p, 0L);
    }
    return new FitProposal.Start.At(first);
  }

  private void start(Fit fit, LoadedModel model, int number) {
    String instance = "replay-%s-%d".formatted(FitsCommand.shortened(fit.getId()), number);
    FeatureExtractor worker =
        new FeatureExtractor(
            FeatureExtractorConfig.defaults(
                    kafka, instance, FitSettings.of(router, fit, options.mixed()))
                .withTopics(topics, Topics.Partitions.DEFAULT)
                .withFlush(options.flush().policy()),
            model,
            context.clock());
    workers.add(worker);
    threads.add(ServiceThread.start("dume-" + instance, worker::run));
  }

  private int moveOver(Fit fit, StopSignal stop) throws InterruptedException {
    Replays replays = new Replays(kafka, topics, router, context.clock());
    boolean caughtUp =
        replays.awaitHead(
            fit,
            progress -> {
              requireWell();
              console.progress(line(progress));
            },
            stop::requested);
    if (!caughtUp) {
      throw new StoppedException(
          "stopped before the replay had caught up; the same command goes on with it");
    }
    console.progressDone("caught up; the router moves over");
    Optional<RouterEvent> event =
        promote(
            replays,
            fit,
            () -> {
              requireWell();
              return stop.requested();
            });
    if (event.isEmpty()) {
      throw new StoppedException("stopped while the router moved over; its version comes");
    }
    console.result(VersionLines.of(event.get()));
    if (event.get() instanceof RouterEvent.Refused) {
      return ExitCode.FAILURE;
    }
    if (options.stay()) {
      console.note("works on for router %s until it is stopped".formatted(router));
      while (!stop.awaitFor(REPORT)) {
        requireWell();
      }
    } else {
      console.note(
          "feature extractors that have this model follow by themselves; others end: start them"
              + " with it");
    }
    return ExitCode.OK;
  }

  /** Who names the domains wants these, whatever the router got meanwhile. */
  private Optional<RouterEvent> promote(Replays replays, Fit fit, BooleanSupplier stop)
      throws InterruptedException {
    return options.domains().isEmpty()
        ? replays.promote(fit.getId(), stop)
        : replays.promoteAsItIs(fit.getId(), stop);
  }

  private void requireWell() {
    threads.forEach(ServiceThread::requireWell);
    for (FeatureExtractor worker : workers) {
      worker
          .retired()
          .ifPresent(
              reason -> {
                throw new IllegalStateException(reason);
              });
    }
  }

  static String line(ReplayProgress progress) {
    long percent = progress.total() == 0 ? 100 : progress.counted() * 100 / progress.total();
    return "%d of %d positions (%d %%)%s"
        .formatted(
            progress.counted(),
            progress.total(),
            percent,
            progress.left().map(left -> ", " + duration(left) + " left").orElse(""));
  }

  private static String duration(Duration left) {
    long seconds = left.toSeconds();
    if (seconds < 60) {
      return seconds + " s";
    }
    return seconds < 3600
        ? "%d min %d s".formatted(seconds / 60, seconds % 60)
        : "%d h %d min".formatted(seconds / 3600, seconds % 3600 / 60);
  }
}
