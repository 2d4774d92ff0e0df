package io.dume.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.router.RouterAssembler.Arrival;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MessageFormat;
import io.dume.schemas.wire.Wire;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RouterAssemblerTest {
  private final RouterAssembler assembler =
      new RouterAssembler("demo", MessageFormat.singleObject(), 1 << 20);

  private List<Arrival> accept(List<byte[]> messages) {
    List<Arrival> arrivals = new ArrayList<>();
    for (byte[] message : messages) {
      assembler.accept("here", message).ifPresent(arrivals::add);
    }
    return arrivals;
  }

  private static long whole(Arrival arrival) {
    assertThat(arrival).isInstanceOf(Arrival.Whole.class);
    return ((Arrival.Whole) arrival).router().version();
  }

  @Property(tries = 50)
  void shouldPutPartsTogetherInWhateverOrderTheyCome(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 12) int parts) {
    List<byte[]> messages = Versions.messages("demo", 3, parts);
    Collections.shuffle(messages.subList(0, parts), new Random(seed));

    List<Arrival> arrivals = accept(messages);

    assertThat(arrivals).hasSize(1);
    assertThat(whole(arrivals.get(0))).isEqualTo(3);
  }

  @Property(tries = 50)
  void shouldNeverCompleteAVersionOfWhichAPartIsMissing(
      @ForAll @IntRange(min = 0, max = 5) int missing) {
    List<byte[]> messages = Versions.messages("demo", 3, 6);
    messages.remove(missing);

    List<Arrival> arrivals = accept(messages);

    assertThat(arrivals).hasSize(1);
    assertThat(((Arrival.Incomplete) arrivals.get(0)).reason())
        .isEqualTo("part %d of 6 is missing".formatted(missing));
  }

  @Test
  void shouldNotTakePartsOfAnotherVersionOrRouter() {
    List<byte[]> messages = new ArrayList<>(Versions.messages("demo", 3, 2));
    messages.add(1, Versions.messages("demo", 4, 2).get(1));
    messages.add(1, Versions.messages("other", 3, 2).get(1));

    List<Arrival> arrivals = accept(messages);

    assertThat(arrivals).hasSize(1);
    assertThat(((Arrival.Whole) arrivals.get(0)).router().weight(0))
        .isEqualTo(
            Router.of(Versions.describe("demo", 3, 2, Versions.weights(3)), Versions.weights(3))
                .weight(0));
  }

  @Test
  void shouldNotCompleteAVersionWhoseWeightsWereExchanged() {
    List<byte[]> messages = new ArrayList<>(Versions.messages("demo", 3, 1));
    messages.set(0, Versions.part("demo", 3, 0, 1, Versions.weights(99)));

    List<Arrival> arrivals = accept(messages);

    assertThat(((Arrival.Incomplete) arrivals.get(0)).reason()).contains("SHA-256");
  }

  @Test
  void shouldNotBreakOnAnAbsurdVersion() {
    RouterVersion absurd =
        RouterVersion.newBuilder(Versions.describe("demo", 3, 1, Versions.weights(3)))
            .setParts(Integer.MAX_VALUE)
            .setWeightBytes(Long.MAX_VALUE)
            .build();
    RouterVersion empty =
        RouterVersion.newBuilder(absurd).setParts(-1).setExperts(List.of()).build();

    List<Arrival> arrivals = accept(List.of(Wire.encode(absurd), Wire.encode(empty)));

    assertThat(arrivals).hasSize(2).allMatch(arrival -> arrival instanceof Arrival.Incomplete);
  }

  @Test
  void shouldSkipAndCountWhatDoesNotBelongHere() {
    byte[] truncated = Versions.messages("demo", 3, 1).get(0);

    List<Arrival> arrivals =
        accept(
            List.of(
                new byte[0],
                new byte[] {1, 2, 3},
                Arrays.copyOf(truncated, truncated.length - 1),
                Wire.encode(new LayerComplete(1L, Ids.random(), 0, 1, 0))));

    assertThat(arrivals).isEmpty();
    assertThat(assembler.malformed()).isEqualTo(4);
  }

  @Test
  void shouldPassOnRefusalsOfItsRouterOnly() {
    CutRefused refusal =
        new CutRefused("demo", 1L, Ids.random(), List.of("ask"), "why", Instant.EPOCH);
    CutRefused other = CutRefused.newBuilder(refusal).setRouter("other").build();

    List<Arrival> arrivals = accept(List.of(Wire.encode(refusal), Wire.encode(other)));

    assertThat(arrivals).containsExactly(new Arrival.Refused(refusal));
  }

  @Test
  void shouldNotLetPartsOfForgedHighVersionsDriveOutThoseThatComeLater() {
    List<byte[]> messages = new ArrayList<>();
    for (long forged = 1000; forged < 1010; forged++) {
      messages.add(Versions.part("demo", forged, 0, 1, Versions.weights(forged)));
    }
    messages.addAll(Versions.messages("demo", 3, 3));

    List<Arrival> arrivals = accept(messages);

    assertThat(arrivals).hasSize(1);
    assertThat(whole(arrivals.get(0))).isEqualTo(3);
  }

  @Test
  void shouldNotLetAForgedHighVersionTakeThePartsOfTheNext() {
    List<byte[]> messages = new ArrayList<>(Versions.messages("demo", 3, 3));
    messages.add(2, Wire.encode(Versions.describe("demo", 1000, 1, Versions.weights(1000))));

    List<Arrival> arrivals = accept(messages);

    assertThat(arrivals).hasSize(2);
    assertThat(whole(arrivals.get(1))).isEqualTo(3);
  }

  @Test
  void shouldSkipAndCountVersionsBelowTheFirst() {
    List<byte[]> messages = new ArrayList<>(Versions.messages("demo", 0, 1));
    messages.addAll(Versions.messages("demo", -1, 1));

    List<Arrival> arrivals = accept(messages);

    assertThat(arrivals).isEmpty();
    assertThat(assembler.malformed()).isEqualTo(4);
  }

  @Test
  void shouldSkipAndCountWhatIsLargerThanTheTopicAllows() {
    byte[] huge = Versions.part("demo", 1, 0, 1, new byte[Topics.MAX_MESSAGE_BYTES]);

    List<Arrival> arrivals = accept(List.of(huge));

    assertThat(arrivals).isEmpty();
    assertThat(assembler.malformed()).isEqualTo(1);
  }

  @Test
  void shouldBoundTheMemoryOfPartsWhoseVersionNeverComes() {
    RouterAssembler small = new RouterAssembler("demo", MessageFormat.singleObject(), 1000);
    byte[] weights = new byte[600];

    small.accept("here", Versions.part("demo", 1, 0, 1, weights));
    small.accept("here", Versions.part("demo", 2, 0, 1, weights));
    Optional<Arrival> first =
        small.accept("here", Wire.encode(Versions.describe("demo", 1, 1, weights)));

    assertThat(first)
        .hasValueSatisfying(
            arrival ->
                assertThat(((Arrival.Incomplete) arrival).reason())
                    .contains("part 0 of 1 is missing"));
  }
}
