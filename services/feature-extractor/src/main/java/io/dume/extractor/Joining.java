package io.dume.extractor;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.FitStatus;
import io.dume.schemas.control.Fits;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;

/**
 * Joins the fit of the configured router, creates it when this worker is the first, and finds the
 * fit that serves when this worker's was retired.
 */
final class Joining {
  private final FeatureExtractorConfig config;
  private final ExtractionModel model;
  private final Clock clock;
  private FitSettings settings;

  Joining(FeatureExtractorConfig config, ExtractionModel model, Clock clock) {
    this.config = config;
    this.model = model;
    this.clock = clock;
    this.settings = config.fit();
  }

  /** Waits for nothing: topics must exist before the control log is opened. */
  void createTopics() throws InterruptedException {
    try (Admin admin = Admin.create(config.kafka().admin())) {
      config.topics().create(admin, config.partitions(), config.kafka().topic());
    }
  }

  /** Whether the fit of the settings was there and is over. */
  boolean over(ControlLog log) throws InterruptedException {
    log.catchUp();
    Id id = proposal().getId();
    return log.state().removed(id)
        || log.state().status(id).filter(FitStatus.RETIRED::equals).isPresent();
  }

  Fits.Joined join(ControlLog log) throws InterruptedException {
    Fit proposal = proposal();
    log.catchUp();
    lookAgainForMissing(log.state(), proposal);
    Fits.Joined joined =
        Fits.join(
            log, settings.router(), proposal, model.identity().experts(), settings.mixed(), clock);
    requireSamePartitions(joined.fit(), proposal);
    return joined;
  }

  private Fit proposal() throws InterruptedException {
    try (Admin admin = Admin.create(config.kafka().admin())) {
      return FitProposal.of(
          admin, config.topics(), settings, model.identity(), new FitProposal.Start.Beginning());
    }
  }

  private void lookAgainForMissing(ControlState state, Fit proposal) {
    Optional<ExpertsChanged> list =
        state.experts(proposal.getId()).or(() -> state.experts(settings.router()));
    list.flatMap(experts -> Domains.missing(experts, model.identity().experts()))
        .ifPresent(missing -> model.refresh());
  }

  /**
   * Takes on the settings of the fit that serves, if this worker's model can work for it.
   *
   * @return what stands against it, and then the settings stay as they are
   */
  Optional<String> follow(ControlState state) {
    String router = settings.router();
    Optional<Fit> serving = state.fit(router);
    if (serving.isEmpty()) {
      return Optional.of("router %s has no fit".formatted(router));
    }
    Fit fit = serving.get();
    Optional<ExpertsChanged> list = state.experts(fit.getId());
    if (list.flatMap(l -> Domains.missing(l, model.identity().experts())).isPresent()) {
      model.refresh();
    }
    List<String> obstacles = new ArrayList<>();
    ExtractionModel.Identity here = model.identity();
    if (!fit.getBackbone().equals(here.backbone())) {
      obstacles.add("it has another backbone");
    }
    if (!fit.getFeatureSource().equals(here.features().toString())) {
      obstacles.add(
          "its features are %s, here %s".formatted(fit.getFeatureSource(), here.features()));
    }
    if (!fit.getProfile().equals(here.profile()) && !settings.mixed()) {
      obstacles.add("it has another numeric profile");
    }
    list.flatMap(l -> Domains.missing(l, here.experts()))
        .ifPresent(expert -> obstacles.add("expert %s is not here".formatted(expert.getName())));
    if (!obstacles.isEmpty()) {
      return Optional.of(String.join(", ", obstacles));
    }
    settings = FitSettings.of(router, fit, settings.mixed());
    return Optional.empty();
  }

  String router() {
    return settings.router();
  }

  /** Positions and layers are bound to partitions, so their numbers never change in a fit. */
  private void requireSamePartitions(Fit fit, Fit now) throws InterruptedException {
    if (fit.getStart().size() != now.getStart().size()
        || fit.getStatisticsPartitions() != now.getStatisticsPartitions()) {
      throw new ExtractorException(
          "the fit of router %s began with %d partitions of %s and %d of %s, now there are %d and %d: partitions can't be added to a fit; use a new installation (another topic prefix)"
              .formatted(
                  settings.router(),
                  fit.getStart().size(),
                  config.topics().tokenBatches(),
                  fit.getStatisticsPartitions(),
                  config.topics().partialStatistics(),
                  now.getStart().size(),
                  now.getStatisticsPartitions()));
    }
    String countedIds = config.topics().countedIds();
    try (Admin admin = Admin.create(config.kafka().admin())) {
      int counted = FitProposal.partitions(admin, countedIds);
      if (counted < now.getStart().size()) {
        throw new ExtractorException(
            "%s has %d partitions, fewer than the %d of %s, whose ids it keeps: add the missing ones (kafka-topics --alter --partitions)"
                .formatted(
                    countedIds, counted, now.getStart().size(), config.topics().tokenBatches()));
      }
    }
  }
}
