package io.dume.e2e.containers;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The images that the tests run: the services', built from this build's jars, and Kafka's.
 *
 * <p>Where Kafka's own image can't be had, one is made of the jars of this build.
 */
final class Images {

  private static final Duration ASK = Duration.ofSeconds(20);
  private static final Duration PULL = Duration.ofMinutes(5);
  private static final Duration BUILD = Duration.ofMinutes(8);

  private static final String BASE =
      System.getenv().getOrDefault("DUME_BASE_IMAGE", "eclipse-temurin:17-jre");
  private static final String UPSTREAM_KAFKA =
      System.getenv().getOrDefault("DUME_KAFKA_IMAGE", "apache/kafka:4.3.1");

  /** The services' image. */
  static final String DUME = "dume-stream:test";

  private static final String OWN_KAFKA = "dume-kafka:test";

  private static Optional<Optional<String>> missing = Optional.empty();
  private static Optional<String> kafka = Optional.empty();

  private Images() {}

  /** Why no containers can be run, if so; asked once. */
  static synchronized Optional<String> missing() {
    if (missing.isEmpty()) {
      missing = Optional.of(look());
    }
    return missing.get();
  }

  private static Optional<String> look() {
    Shell.Result engine = docker(ASK, "info");
    if (!engine.ok()) {
      return Optional.of("no Docker engine answers (" + lastLine(engine) + ")");
    }
    return find(BASE)
        .map(
            reason ->
                "the base image %s can be neither found nor pulled (%s); set DUME_BASE_IMAGE"
                    .formatted(BASE, reason));
  }

  /** Builds what is not built yet, and returns the name of Kafka's image. */
  static synchronized String build() {
    if (kafka.isEmpty()) {
      Map<String, String> environment =
          Map.of("DUME_NO_BUILD", "1", "DUME_BASE_IMAGE", BASE, "DUME_IMAGE", DUME);
      require(Shell.run(BUILD, environment, "services/container/build"));
      String name = UPSTREAM_KAFKA;
      if (find(UPSTREAM_KAFKA).isPresent()) {
        name = OWN_KAFKA;
        require(docker(BUILD, "build", "--build-arg", "DUME=" + DUME, "-t", name, ".ci/kafka"));
      }
      kafka = Optional.of(name);
    }
    return kafka.get();
  }

  /** Why an image can't be had, if so. */
  private static Optional<String> find(String image) {
    if (docker(ASK, "image", "inspect", image).ok()) {
      return Optional.empty();
    }
    Shell.Result pulled = docker(PULL, "pull", "-q", image);
    return pulled.ok() ? Optional.empty() : Optional.of(lastLine(pulled));
  }

  static Shell.Result docker(Duration limit, Object... arguments) {
    Object[] command = new Object[arguments.length + 1];
    command[0] = "docker";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return Shell.run(limit, Map.of(), command);
  }

  private static void require(Shell.Result result) {
    if (!result.ok()) {
      throw new IllegalStateException(result.toString());
    }
  }

  private static String lastLine(Shell.Result result) {
    return result.output().lines().reduce((first, second) -> second).orElse("no output").strip();
  }
}
