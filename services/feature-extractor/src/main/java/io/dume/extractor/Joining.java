package io.dume.extractor;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.Fits;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;

/** Joins the fit of the configured router, and creates it when this worker is the first. */
final class Joining {
  private static final String FEATURE_SOURCE = "mlp-input";

  private final FeatureExtractorConfig config;
  private final ExtractionModel.Identity model;
  private final Clock clock;

  Joining(FeatureExtractorConfig config, ExtractionModel.Identity model, Clock clock) {
    this.config = config;
    this.model = model;
    this.clock = clock;
  }

  Fits.Joined join(ControlLog log) throws InterruptedException {
    Fit proposal;
    try (Admin admin = Admin.create(config.kafka().admin())) {
      proposal = proposal(admin);
    }
    FitSettings settings = config.fit();
    Fits.Joined joined =
        Fits.join(log, settings.router(), proposal, model.experts(), settings.mixed(), clock);
    requireSamePartitions(joined.fit(), proposal);
    return joined;
  }

  /** Waits for nothing: topics must exist before the control log is opened. */
  void createTopics() throws InterruptedException {
    try (Admin admin = Admin.create(config.kafka().admin())) {
      config.topics().create(admin, config.partitions(), config.kafka().topic());
    }
  }

  private Fit proposal(Admin admin) throws InterruptedException {
    FitSettings settings = config.fit();
    if (settings.contextDim() > model.maxPositions()) {
      throw new ExtractorException(
          "context_dim of %d: the model takes sequences of at most %d tokens"
              .formatted(settings.contextDim(), model.maxPositions()));
    }
    Fit fit =
        new Fit(
            Ids.random(),
            model.backbone(),
            FEATURE_SOURCE,
            settings.contextDim(),
            settings.fractionBits(),
            settings.tileSize(),
            model.profile(),
            settings.label(),
            model.layers(),
            model.width(),
            model.vocabulary(),
            settings.sequenceLimit(model),
            settings.recordLimit(model),
            model.tokenizer(),
            partitions(admin, config.topics().partialStatistics()),
            earliest(admin, config.topics().tokenBatches()));
    return Fit.newBuilder(fit).setId(Ids.ofFit(fit)).build();
  }

  private static int partitions(Admin admin, String topic) throws InterruptedException {
    return Topics.partitions(admin, topic)
        .orElseThrow(() -> new ExtractorException("topic " + topic + " was deleted"));
  }

  private static List<PartitionOffset> earliest(Admin admin, String topic)
      throws InterruptedException {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    int count = partitions(admin, topic);
    for (int p = 0; p < count; p++) {
      wanted.put(new TopicPartition(topic, p), OffsetSpec.earliest());
    }
    try {
      var offsets = admin.listOffsets(wanted).all().get();
      return IntStream.range(0, count)
          .mapToObj(p -> new PartitionOffset(p, offsets.get(new TopicPartition(topic, p)).offset()))
          .toList();
    } catch (ExecutionException e) {
      throw new ExtractorException(
          "the offsets of topic %s could not be read: %s"
              .formatted(topic, e.getCause().getMessage()),
          e.getCause());
    }
  }

  /** Positions and layers are bound to partitions, so their numbers never change in a fit. */
  private void requireSamePartitions(Fit fit, Fit now) {
    if (fit.getStart().size() != now.getStart().size()
        || fit.getStatisticsPartitions() != now.getStatisticsPartitions()) {
      throw new ExtractorException(
          "the fit of router %s began with %d partitions of %s and %d of %s, now there are %d and %d: partitions can't be added to a fit; use a new installation (another topic prefix)"
              .formatted(
                  config.fit().router(),
                  fit.getStart().size(),
                  config.topics().tokenBatches(),
                  fit.getStatisticsPartitions(),
                  config.topics().partialStatistics(),
                  now.getStart().size(),
                  now.getStatisticsPartitions()));
    }
  }
}
