package io.dume.solver;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import java.time.Duration;
import java.util.Optional;

/**
 * What a {@link Solver} needs to know.
 *
 * @param kafka how to reach the cluster
 * @param topics the installation
 * @param router the name of the router that it publishes
 * @param lambda λ for cuts that ask for none
 * @param threads layers that are solved at the same time, at least 1
 * @param factorisation which library factors
 * @param intercept whether gates have an intercept, solved with them; without one they are solved
 *     from the same statistics as if no 1 had been appended to the features, and each bias is 0.
 *     Each solver has its own setting, and one that takes over warns if the last version was solved
 *     with the other
 * @param mixed lets another numeric profile than the fit's in; versions then say so
 * @param statisticsTimeout how long a cut waits without news for its statistics before it is
 *     refused
 * @param partBytes the most bytes of weights in a message, 1 KiB to 15 MiB
 * @param instance a name that no other solver of the router has, and that this one keeps when it is
 *     started again: it then takes its place back at once, whatever ended it. Without one a solver
 *     that was killed is missed only after the session timeout of 15 s
 */
public record SolverConfig(
    KafkaSettings kafka,
    Topics topics,
    String router,
    LambdaChoice lambda,
    int threads,
    FactorisationChoice factorisation,
    boolean intercept,
    boolean mixed,
    Duration statisticsTimeout,
    int partBytes,
    Optional<String> instance) {
  /** The router's name when none is configured. */
  public static final String DEFAULT_ROUTER = "default";

  /** The paper's λ. */
  public static final double DEFAULT_LAMBDA = 0.01;

  private static final int LARGEST_PART = 15 << 20;
  private static final String NAME = "[a-zA-Z0-9._-]{1,100}";

  public SolverConfig {
    if (!router.matches(NAME)) {
      throw new IllegalArgumentException(
          "router name \"%s\": use 1 to 100 letters, digits, '.', '_' and '-'".formatted(router));
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
    if (!instance.map(name -> name.matches(NAME)).orElse(true)) {
      throw new IllegalArgumentException(
          "instance \"%s\": use 1 to 100 letters, digits, '.', '_' and '-'"
              .formatted(instance.get()));
    }
  }

  /**
   * The default configuration: router "default", λ = 0.01, a thread for each processor, the fit's
   * factorisation, no instance name.
   *
   * @param kafka how to reach the cluster
   * @return a configuration to refine with the {@code with…} methods
   */
  public static SolverConfig defaults(KafkaSettings kafka) {
    return new SolverConfig(
        kafka,
        Topics.DEFAULT,
        DEFAULT_ROUTER,
        LambdaChoice.fixed(DEFAULT_LAMBDA),
        Runtime.getRuntime().availableProcessors(),
        FactorisationChoice.AUTO,
        true,
        false,
        Duration.ofMinutes(15),
        8 << 20,
        Optional.empty());
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
        intercept,
        mixed,
        statisticsTimeout,
        partBytes,
        instance);
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
        intercept,
        mixed,
        statisticsTimeout,
        partBytes,
        instance);
  }

  /**
   * @param newLambda λ for cuts that ask for none, finite and not negative
   * @return a copy with that λ
   */
  public SolverConfig withLambda(double newLambda) {
    return withLambda(LambdaChoice.fixed(newLambda));
  }

  /**
   * @param newLambda λ for cuts that ask for none
   * @return a copy with that choice
   */
  public SolverConfig withLambda(LambdaChoice newLambda) {
    return new SolverConfig(
        kafka,
        topics,
        router,
        newLambda,
        threads,
        factorisation,
        intercept,
        mixed,
        statisticsTimeout,
        partBytes,
        instance);
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
        intercept,
        mixed,
        statisticsTimeout,
        partBytes,
        instance);
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
        intercept,
        mixed,
        statisticsTimeout,
        partBytes,
        instance);
  }

  /**
   * @param newIntercept whether gates have an intercept
   * @return a copy with that setting
   */
  public SolverConfig withIntercept(boolean newIntercept) {
    return new SolverConfig(
        kafka,
        topics,
        router,
        lambda,
        threads,
        factorisation,
        newIntercept,
        mixed,
        statisticsTimeout,
        partBytes,
        instance);
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
        intercept,
        newMixed,
        statisticsTimeout,
        partBytes,
        instance);
  }

  /**
   * @param newTimeout how long a cut waits without news for its statistics
   * @return a copy with that timeout
   */
  public SolverConfig withStatisticsTimeout(Duration newTimeout) {
    return new SolverConfig(
        kafka,
        topics,
        router,
        lambda,
        threads,
        factorisation,
        intercept,
        mixed,
        newTimeout,
        partBytes,
        instance);
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
        intercept,
        mixed,
        statisticsTimeout,
        newPartBytes,
        instance);
  }

  /**
   * @param newInstance a name that no other solver of the router has
   * @return a copy with that name
   */
  public SolverConfig withInstance(String newInstance) {
    return new SolverConfig(
        kafka,
        topics,
        router,
        lambda,
        threads,
        factorisation,
        intercept,
        mixed,
        statisticsTimeout,
        partBytes,
        Optional.of(newInstance));
  }
}
