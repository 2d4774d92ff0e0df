package io.dume.e2e.crash;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What happened in a run. Safe for several threads. */
final class Tally {
  private final Map<String, Integer> faults = new TreeMap<>();
  private final List<String> ownEnds = new ArrayList<>();
  private Duration slowestStop = Duration.ZERO;
  private String slowest = "";
  private final long start = System.nanoTime();

  /** Counts a fault of a kind. */
  synchronized void fault(String kind) {
    faults.merge(kind, 1, Integer::sum);
    note(kind);
  }

  /** A process that ended though nobody made it. */
  synchronized void ownEnd(String line) {
    ownEnds.add(line);
    note(line);
  }

  synchronized void stopped(String name, Supervised.Blow blow, Duration time) {
    if (blow == Supervised.Blow.TERMINATE && time.compareTo(slowestStop) > 0) {
      slowestStop = time;
      slowest = name;
    }
  }

  /** A line of the run's diary. */
  synchronized void note(String line) {
    System.out.printf("%7.1f s  %s%n", (System.nanoTime() - start) / 1e9, line);
  }

  synchronized Map<String, Integer> faults() {
    return new TreeMap<>(faults);
  }

  synchronized List<String> ownEnds() {
    return List.copyOf(ownEnds);
  }

  synchronized String slowestStop() {
    return "%.1f s (%s)".formatted(slowestStop.toMillis() / 1e3, slowest);
  }

  Duration sinceStart() {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
