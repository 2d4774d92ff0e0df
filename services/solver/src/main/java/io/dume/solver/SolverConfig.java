package io.dume.solver;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.time.Duration;

/**
 * What a {@link Solver} needs to know.
 *
 * @param kafka how to reach the cluster
 * @param topics the installation
 * @param router the name of the router that it publishes
 * @param lambda λ for cuts that ask for none, finite and not negative; the paper's is 0.01
 * @param threads layers that are solved at the same time, at least 1
 * @param factorisation which library factors
 * @param mixed lets another numeric profile than the fit's in; versions then say so
 * @param statisticsTimeout how long a cut waits without news for its statistics before it is
 *     refused
 * @param partBytes the most bytes of weights in a message, 1 KiB to 15 MiB
 */
public record SolverConfig(
    KafkaSettings kafka,
    Topics topics,
    String router,
    double lambda,
    int threads,
    FactorisationChoice factorisation,
    boolean mixed,
    Duration statisticsTimeout,
    int partBytes) {
  /** The router's name when none is configured. */
  public static final String DEFAULT_ROUTER = "default";

  /** The paper's λ. */
  public static final double DEFAULT_LAMBDA = 0.01;

  private static final int LARGEST_PART = 15 << 20;

  public SolverConfig {
    if (!router.matches("[a-zA-Z0-9._-]{1,100}")) {
      throw new IllegalArgumentException(
          "router name \"%s\": use 1 to 100 letters, digits, '.', '_' and '-'".formatted(router));
    }
    if (!Double.isFinite(lambda) || lambda < 0) {
      throw new IllegalArgumentException(
          "lambda of %s: give a number that is not negative; the paper's is 0.01"
              .formatted(lambda));
    }
    if (threads < 1) {
      throw new IllegalArgumentException("threads of %d: give at least 1".formatted(threads));
    }
    if (statisticsTimeout.isNegative() || statisticsTimeout.isZero()) {
      throw new IllegalArgumentException(
          "statistics timeout of %s: give a positive time".formatted(statisticsTimeout));
    }
    if (partBytes < 1024 || partBytes > LARGEST_PART) {
      throw new IllegalArgumentException(
          "part size of %d bytes: give 1024 to %d".formatted(partBytes, LARGEST_PART));
    }
  }

  /**
   * The default configuration: router "default", λ = 0.01, a thread for each processor, the fit's
   * factorisation.
   *
   * @param kafka how to reach the cluster
   * @return a configuration to refine with the {@code with…} methods
   */
  public static SolverConfig defaults(KafkaSettings kafka) {
    return new SolverConfig(
        kafka,
        Topics.DEFAULT,
        DEFAULT_ROUTER,
        DEFAULT_LAMBDA,
        Runtime.getRuntime().availableProcessors(),
        FactorisationChoice.AUTO,
        false,
        Duration.ofMinutes(15),
        8 << 20);
  }

  /**
   * @param newTopics the installation
   * @return a copy with these topics
   */
  public SolverConfig withTopics(Topics newTopics) {
    return new SolverConfig(
        kafka,
        newTopics,
        router,
        lambda,
        threads,
        factorisation,
        mixed,
        statisticsTimeout,
        partBytes);
  }

  /**
   * @param newRouter the router's name
   * @return a copy with that router
   */
  public SolverConfig withRouter(String newRouter) {
    return new SolverConfig(
        kafka,
        topics,
        newRouter,
        lambda,
        threads,
        factorisation,
        mixed,
        statisticsTimeout,
        partBytes);
  }

  /**
   * @param newLambda λ for cuts that ask for none
   * @return a copy with that λ
   */
  public SolverConfig withLambda(double newLambda) {
    return new SolverConfig(
        kafka,
        topics,
        router,
        newLambda,
        threads,
        factorisation,
        mixed,
        statisticsTimeout,
        partBytes);
  }

  /**
   * @param newThreads layers that are solved at the same time
   * @return a copy with that many threads
   */
  public SolverConfig withThreads(int newThreads) {
    return new SolverConfig(
        kafka,
        topics,
        router,
        lambda,
        newThreads,
        factorisation,
        mixed,
        statisticsTimeout,
        partBytes);
  }

  /**
   * @param newFactorisation which library factors
   * @return a copy with that choice
   */
  public SolverConfig withFactorisation(FactorisationChoice newFactorisation) {
    return new SolverConfig(
        kafka,
        topics,
        router,
        lambda,
        threads,
        newFactorisation,
        mixed,
        statisticsTimeout,
        partBytes);
  }

  /**
   * @param newMixed whether another numeric profile is let in
   * @return a copy with that setting
   */
  public SolverConfig withMixed(boolean newMixed) {
    return new SolverConfig(
        kafka,
        topics,
        router,
        lambda,
        threads,
        factorisation,
        newMixed,
        statisticsTimeout,
        partBytes);
  }

  /**
   * @param newTimeout how long a cut waits without news for its statistics
   * @return a copy with that timeout
   */
  public SolverConfig withStatisticsTimeout(Duration newTimeout) {
    return new SolverConfig(
        kafka, topics, router, lambda, threads, factorisation, mixed, newTimeout, partBytes);
  }

  /**
   * @param newPartBytes the most bytes of weights in a message
   * @return a copy with that size
   */
  public SolverConfig withPartBytes(int newPartBytes) {
    return new SolverConfig(
        kafka,
        topics,
        router,
        lambda,
        threads,
        factorisation,
        mixed,
        statisticsTimeout,
        newPartBytes);
  }
}
