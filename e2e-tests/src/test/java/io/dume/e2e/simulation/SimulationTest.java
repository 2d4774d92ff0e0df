package io.dume.e2e.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * The invariants of the design under seeded schedules. 200 seeds, or as many as {@code
 * -Dsimulation.seeds} says; {@code -Dsimulation.seed} runs one again and shows its steps.
 */
class SimulationTest {
  private static final int STEPS = 600;
  private static final Logger LOG = (Logger) LoggerFactory.getLogger("io.dume");
  private static Level level;

  @BeforeAll
  static void quiet() {
    level = LOG.getLevel();
    LOG.setLevel(Level.OFF);
  }

  @AfterAll
  static void loud() {
    LOG.setLevel(level);
  }

  @Test
  void shouldKeepEveryInvariantUnderAnySchedule() {
    List<Long> failed = new ArrayList<>();
    List<String> reports = new ArrayList<>();
    for (long seed : seeds()) {
      List<World> worlds = new ArrayList<>();
      try {
        simulate(seed, worlds);
      } catch (AssertionError | RuntimeException e) {
        failed.add(seed);
        if (reports.size() < 3) {
          reports.add(report(seed, worlds, e));
        }
      }
    }
    assertThat(failed)
        .withFailMessage(() -> "%d seeds failed: %s%n%s".formatted(failed.size(), failed, reports))
        .isEmpty();
  }

  private static List<Long> seeds() {
    Long one = Long.getLong("simulation.seed");
    if (one != null) {
      return List.of(one);
    }
    List<Long> seeds = new ArrayList<>();
    for (long seed = 0; seed < Long.getLong("simulation.seeds", 200); seed++) {
      seeds.add(seed);
    }
    return seeds;
  }

  private static void simulate(long seed, List<World> worlds) {
    World world = new World(seed, Plan.random(new Random(~seed), STEPS));
    worlds.add(world);
    Examination examined = new Examination(world);
    examined.examine(world.run());

    // Another schedule, in which nothing was ever taken away, sent twice or set aside.
    World never = new World(~seed, examined.withoutHistory(STEPS / 2));
    worlds.add(never);
    Examination examinedNever = new Examination(never);
    examinedNever.examine(never.run());
    assertThat(examinedNever.lastWeights())
        .as("take-away equals never-was")
        .isEqualTo(examined.lastWeights());
  }

  private static String report(long seed, List<World> worlds, Throwable e) {
    StringBuilder report = new StringBuilder();
    report.append("%nseed %d: again with -Dsimulation.seed=%d%n".formatted(seed, seed));
    World last = worlds.get(worlds.size() - 1);
    report.append("in world %d, after these steps:%n".formatted(worlds.size()));
    List<String> trace = last.trace();
    int shown = Long.getLong("simulation.seed") == null ? 40 : trace.size();
    trace
        .subList(Math.max(0, trace.size() - shown), trace.size())
        .forEach(step -> report.append("  ").append(step).append('\n'));
    report.append(e).append('\n');
    for (StackTraceElement at : e.getStackTrace()) {
      if (at.getClassName().startsWith("io.dume")) {
        report.append("    at ").append(at).append('\n');
      }
    }
    return report.toString();
  }
}
