package io.dume.bench;

import io.dume.extractor.FeatureExtractor;
import io.dume.extractor.FeatureExtractorConfig;
import io.dume.extractor.FitSettings;
import io.dume.extractor.FlushPolicy;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.time.Clock;
import java.time.Duration;

/**
 * A worker in a process of its own whose features are random: as {@code dume feature-extractor},
 * without a model. It flushes when a cut asks for it.
 */
public final class ScaleWorker {
  private static final Duration NEVER = Duration.ofDays(1);

  private ScaleWorker() {}

  /**
   * Works until the process is told to end.
   *
   * @param arguments bootstrap servers, topic prefix, instance, d, layers, experts, the most tokens
   *     of a record, flush bytes
   * @throws InterruptedException if interrupted while it joins
   */
  public static void main(String[] arguments) throws InterruptedException {
    int tokens = Integer.parseInt(arguments[6]);
    FeatureExtractorConfig config =
        FeatureExtractorConfig.defaults(
                KafkaSettings.of(arguments[0]), arguments[2], FitSettings.of(tokens))
            .withTopics(new Topics(arguments[1]), Topics.Partitions.DEFAULT)
            .withFlush(new FlushPolicy(NEVER, Long.MAX_VALUE, Long.parseLong(arguments[7])));
    try (RandomFeatures features =
            new RandomFeatures(
                Integer.parseInt(arguments[3]),
                Integer.parseInt(arguments[4]),
                Integer.parseInt(arguments[5]),
                tokens);
        FeatureExtractor worker = new FeatureExtractor(config, features, Clock.systemUTC())) {
      Runtime.getRuntime().addShutdownHook(new Thread(worker::close));
      worker.run();
    }
  }
}
