package io.dume.topology.sequencer;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.topology.synthetic.MapMemory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class ParkingTest {
  private static final Instant NOW = Instant.EPOCH;

  private static Id id(int number) {
    return new Id(ByteBuffer.allocate(16).putInt(number).array());
  }

  private static Submission submission(int flush, int fit) {
    FlushManifest manifest =
        new FlushManifest(
            id(flush), id(fit), "w", List.of(), List.of(), List.of(), List.of(), NOW, 0);
    DeadLetter letter =
        new DeadLetter("", "", "sequencer", "m", 0, 0L, NOW, null, null, List.of(), NOW);
    return new Submission(manifest, letter);
  }

  private static List<Id> flushes(List<Submission> submissions) {
    return submissions.stream().map(s -> s.manifest().getFlush()).toList();
  }

  @Property(tries = 300)
  void shouldFindAgainAfterARestartExactlyWhatStillWaits(@ForAll long seed) {
    // Given
    Random random = new Random(seed);
    MapMemory memory = new MapMemory();
    Parking parking = new Parking(memory, Duration.ofSeconds(30));
    List<Submission> waiting = new ArrayList<>();
    for (int flush = 0; flush < 3 + random.nextInt(20); flush++) {
      Submission submission = submission(flush, random.nextInt(4));
      waiting.add(submission);
      parking.park(submission);
    }
    Set<Id> explained = new HashSet<>();
    for (int fit = 0; fit < 4; fit++) {
      if (random.nextBoolean()) {
        explained.add(id(fit));
      }
    }
    List<Submission> released = new ArrayList<>();

    // When
    parking.release(
        NOW,
        s ->
            explained.contains(s.manifest().getFit())
                ? new Verdict.Counts()
                : new Verdict.Waits("unknown-domain", ""),
        (verdict, s) -> released.add(s));

    // Then
    List<Submission> gone =
        waiting.stream().filter(s -> explained.contains(s.manifest().getFit())).toList();
    waiting.removeAll(gone);
    assertThat(flushes(released)).isEqualTo(flushes(gone));
    assertThat(flushes(List.copyOf(memory.parked().values()))).isEqualTo(flushes(waiting));
  }
}
