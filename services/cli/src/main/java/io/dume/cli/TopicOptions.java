package io.dume.cli;

import io.dume.schemas.kafka.Topics;
import picocli.CommandLine.Option;

/** Which installation of a cluster. */
final class TopicOptions {

  @Option(
      names = "--topic-prefix",
      paramLabel = "PREFIX",
      defaultValue = "dume.",
      description =
          "What the names of all topics begin with; installations with different prefixes can share a"
              + " cluster. Default: ${DEFAULT-VALUE}")
  private String topicPrefix;

  /** The topics of this installation. */
  Topics topics() {
    return new Topics(topicPrefix);
  }
}
