package io.dume.schemas.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.PartitionOffset;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class IdsTest {
  private static final Fit FIT =
      new Fit(
          new Id(new byte[16]),
          "b",
          "mlp-input",
          64,
          20,
          256,
          new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64"),
          "",
          4,
          128,
          2048,
          512,
          4096,
          "t",
          4,
          List.of(new PartitionOffset(0, 0L)));

  @Property
  void shouldGiveTheSameDocumentTheSameId(
      @ForAll String source, @ForAll String document, @ForAll int part) {
    assertThat(Ids.ofRecord(source, document, part))
        .isEqualTo(Ids.ofRecord(source, document, part));
  }

  @Property
  void shouldNotLetPartsOfAnIdRunTogether(
      @ForAll @AlphaChars @StringLength(max = 6) String text,
      @ForAll @IntRange(min = 0, max = 6) int one,
      @ForAll @IntRange(min = 0, max = 6) int other) {
    Assume.that(one != other && one <= text.length() && other <= text.length());

    assertThat(Ids.ofRecord(text.substring(0, one), text.substring(one), 0))
        .isNotEqualTo(Ids.ofRecord(text.substring(0, other), text.substring(other), 0));
  }

  @Property
  void shouldTellPartsOfADocumentApart(
      @ForAll String document, @ForAll int part, @ForAll int other) {
    Assume.that(part != other);

    assertThat(Ids.ofRecord("s", document, part)).isNotEqualTo(Ids.ofRecord("s", document, other));
  }

  @Test
  void shouldTellSlotsApartByDomainMlpsAndHeldOut() {
    assertThat(
            Set.of(
                Ids.ofSlot("code", "m", false),
                Ids.ofSlot("math", "m", false),
                Ids.ofSlot("code", "n", false),
                Ids.ofSlot("code", "m", true),
                Ids.ofSlot("", "codem", false)))
        .hasSize(5);
  }

  @Test
  void shouldHashIntoTheIdOfAFitWhatItsStatisticsDependOn() {
    ExtractionProfile cuda = new ExtractionProfile("cuda", "avx2", "libtorch 2.5.1", "float64");
    ExtractionProfile avx512 = new ExtractionProfile("cpu", "avx512", "libtorch 2.5.1", "float64");
    ExtractionProfile newer = new ExtractionProfile("cpu", "avx2", "libtorch 2.7.1", "float64");
    ExtractionProfile single = new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float32");
    List<UnaryOperator<Fit.Builder>> changes =
        List.of(
            fit -> fit,
            fit -> fit.setBackbone("c"),
            fit -> fit.setFeatureSource("attention-input"),
            fit -> fit.setContextDim(65),
            fit -> fit.setFractionBits(21),
            fit -> fit.setTileSize(128),
            fit -> fit.setProfile(cuda),
            fit -> fit.setProfile(avx512),
            fit -> fit.setProfile(newer),
            fit -> fit.setProfile(single),
            fit -> fit.setLabel("second"));

    Set<Id> ids = new HashSet<>();
    changes.forEach(change -> ids.add(Ids.ofFit(change.apply(Fit.newBuilder(FIT)).build())));

    assertThat(ids).hasSize(changes.size());
  }

  @Test
  void shouldNotHashIntoTheIdOfAFitWhatItsStatisticsDoNotDependOn() {
    Fit elsewhere =
        Fit.newBuilder(FIT)
            .setId(Ids.random())
            .setStatisticsPartitions(9)
            .setStart(List.of())
            .setMaxRecordTokens(1)
            .build();

    assertThat(Ids.ofFit(elsewhere)).isEqualTo(Ids.ofFit(FIT));
  }

  @Test
  void shouldKeepTheIdsThatTopicsHold() {
    // Ids outlive releases: they are message keys and names of stored statistics.
    assertThat(Ids.hex(Ids.ofRecord("file", "corpus/a.txt#0", 3)))
        .isEqualTo("4fa790a025c69890556c1f48662c837b");
    assertThat(Ids.hex(Ids.ofSlot("code", "abc", false)))
        .isEqualTo("09ed1ad7c1f76cd5c8b3afab8acb488b");
    assertThat(Ids.hex(Ids.ofFit(FIT))).isEqualTo("566029d712c3c4c034ec9d5e589256fd");
  }

  @Property
  void shouldSpreadLayersOverAllPartitionsEvenly(
      @ForAll @IntRange(min = 1, max = 32) int partitions,
      @ForAll @IntRange(min = 1, max = 128) int layers) {
    Id fit = Ids.random();
    int[] load = new int[partitions];

    IntStream.range(0, layers).forEach(l -> load[Ids.partition(fit, l, partitions)]++);

    assertThat(IntStream.of(load).max().orElseThrow() - IntStream.of(load).min().orElseThrow())
        .isLessThanOrEqualTo(1);
  }

  @Test
  void shouldNotTakeTheSignOfAHashForAPartition() {
    byte[] highest = new byte[16];
    Arrays.fill(highest, (byte) 0xFF);

    assertThat(Ids.partition(new Id(highest), 3, 7)).isEqualTo((int) ((0xFFFFFFFFL + 3) % 7));
  }

  @Test
  void shouldNotRepeatRandomIds() {
    Set<Id> ids = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      ids.add(Ids.random());
    }

    assertThat(ids).hasSize(1000);
  }
}
