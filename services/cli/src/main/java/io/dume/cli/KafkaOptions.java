package io.dume.cli;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.io.IOException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which cluster, which topics, and any setting of Kafka's clients. */
final class KafkaOptions {

  @Option(
      names = "--bootstrap-servers",
      paramLabel = "HOST:PORT[,…]",
      defaultValue = "127.0.0.1:9092",
      description = "Brokers to ask first. Default: ${DEFAULT-VALUE}.")
  private String bootstrapServers;

  @Mixin private ClientOptions clients = new ClientOptions();
  @Mixin private TopicOptions topics = new TopicOptions();

  /**
   * How to reach the cluster.
   *
   * @throws IOException if the file of settings cannot be read
   */
  KafkaSettings settings() throws IOException {
    return new KafkaSettings(bootstrapServers, clients.settings());
  }

  /** The topics of this installation. */
  Topics topics() {
    return topics.topics();
  }
}
