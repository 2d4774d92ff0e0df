package io.dume.administration;

import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Tells from how far a replay has come in this run how long the rest will take. */
final class Pace {
  private final Clock clock;
  private Optional<Instant> began = Optional.empty();
  private long atFirst;

  Pace(Clock clock) {
    this.clock = clock;
  }

  ReplayProgress progress(Fit fit, Map<Integer, Long> flushed, List<PartitionOffset> ends) {
    long counted = 0;
    long total = 0;
    for (PartitionOffset start : fit.getStart()) {
      int partition = start.getPartition();
      counted += flushed.getOrDefault(partition, start.getOffset()) - start.getOffset();
      total += ends.get(partition).getOffset() - start.getOffset();
    }
    Instant now = clock.instant();
    if (began.isEmpty()) {
      began = Optional.of(now);
      atFirst = counted;
    }
    return new ReplayProgress(counted, total, left(counted, total, now));
  }

  private Optional<Duration> left(long counted, long total, Instant now) {
    long done = counted - atFirst;
    if (done <= 0) {
      return Optional.empty();
    }
    double millisEach = (double) Duration.between(began.orElseThrow(), now).toMillis() / done;
    return Optional.of(Duration.ofMillis(Math.round(millisEach * Math.max(0, total - counted))));
  }
}
