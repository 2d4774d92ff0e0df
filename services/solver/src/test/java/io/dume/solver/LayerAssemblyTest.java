package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.statistics.Tiles;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class LayerAssemblyTest {
  private final FoldedStatistics statistics =
      new FoldedStatistics(FoldedStatistics.fit(""), 3, 20, 30, 40);
  private final Cut cut = statistics.cut("demo", 1, List.of(), Optional.empty());
  private final FoldedStatistics withHeldOut =
      new FoldedStatistics(
          FoldedStatistics.fit(""), 4, new long[] {20, 30, 40}, new long[] {7, 0, 9});
  private final Cut cutWithHeldOut = withHeldOut.cut("demo", 1, List.of(), Optional.empty());

  private static FoldedLayer<HeapMatrix> assemble(
      Cut cut, boolean keepHeldOut, List<SpecificRecord> messages) throws UnsolvableException {
    LayerAssembly<HeapMatrix> assembly =
        new LayerAssembly<>(CutShape.of(cut), 1, new HeapMatrix(), keepHeldOut);
    return complete(assembly, messages);
  }

  /** What a layer's messages make, up to the one that says that it is complete. */
  static <M extends MatrixPlace> FoldedLayer<M> complete(
      LayerAssembly<M> assembly, List<SpecificRecord> messages) throws UnsolvableException {
    for (SpecificRecord message : messages) {
      if (message instanceof LayerTile tile) {
        assembly.add(tile);
      } else if (message instanceof LayerTargets targets) {
        assembly.add(targets);
      } else if (message instanceof LayerComplete complete) {
        return assembly.complete(complete);
      }
    }
    throw new AssertionError("no LayerComplete among the messages");
  }

  private void assertRefused(List<SpecificRecord> messages, String reason) {
    assertRefused(cut, messages, reason);
  }

  private static void assertRefused(Cut cut, List<SpecificRecord> messages, String reason) {
    assertThatExceptionOfType(UnsolvableException.class)
        .isThrownBy(() -> assemble(cut, false, messages))
        .withMessageContaining("layer 1")
        .withMessageContaining(reason);
  }

  /** Changes one value of a tile or of the targets. */
  private static void change(SpecificRecord message, int index, long by) {
    byte[] values =
        message instanceof LayerTile tile
            ? tile.getValues().array()
            : ((LayerTargets) message).getValues().array();
    Tiles.set(values, index, Tiles.get(values, index) + by);
  }

  @Property(tries = 20)
  void shouldGiveTheSameMatrixInWhateverOrderTheTilesCome(@ForAll long seed)
      throws UnsolvableException {
    List<SpecificRecord> messages = statistics.layer(1, 1);
    Collections.shuffle(messages.subList(0, messages.size() - 1), new Random(seed));

    FoldedLayer<HeapMatrix> layer = assemble(cut, false, messages);

    assertThat(upper(layer.place().values())).isEqualTo(upper(statistics.a(1)));
    assertThat(layer.training().b()).isEqualTo(statistics.b(1));
  }

  @Property(tries = 20)
  void shouldKeepHeldOutSumsApartInWhateverOrderTheTilesCome(
      @ForAll long seed, @ForAll boolean wanted) throws UnsolvableException {
    List<SpecificRecord> messages = withHeldOut.layer(1, 1);
    Collections.shuffle(messages.subList(0, messages.size() - 1), new Random(seed));

    FoldedLayer<HeapMatrix> layer = assemble(cutWithHeldOut, wanted, messages);

    assertThat(upper(layer.place().values())).isEqualTo(upper(withHeldOut.a(1)));
    assertThat(layer.training().b()).isEqualTo(withHeldOut.b(1));
    assertThat(layer.heldOut().isPresent()).isEqualTo(wanted);
    layer
        .heldOut()
        .ifPresent(
            heldOut -> {
              assertThat(upper(heldOut.a())).isEqualTo(upper(withHeldOut.heldOutA(1)));
              assertThat(heldOut.b()).isEqualTo(withHeldOut.heldOutB(1));
            });
  }

  @Test
  void shouldRefuseAMissingHeldOutTileAlsoWhereNobodyWantsThem() {
    List<SpecificRecord> messages = withHeldOut.layer(1, 1);
    messages.remove(9);

    assertRefused(
        cutWithHeldOut, messages, "held-out tiles: 5 came and 6 were sent where 6 belong");
  }

  @Test
  void shouldRefuseHeldOutTokensThatAreNotThoseOfTheCut() {
    List<SpecificRecord> messages = withHeldOut.layer(1, 1);
    change(messages.get(messages.size() - 2), FoldedStatistics.WIDTH * 3 + 2, 1);

    assertRefused(cutWithHeldOut, messages, "the held-out tokens in b of expert 2");
  }

  @Test
  void shouldRefuseHeldOutSumsOfACutThatHasNone() {
    assertRefused(cut, withHeldOut.layer(1, 1), "the cut has no held-out domain");
  }

  @Test
  void shouldRefuseTheClaimOfHeldOutTilesInACutThatHasNone() {
    List<SpecificRecord> messages = statistics.layer(1, 1);
    LayerComplete complete = (LayerComplete) messages.get(messages.size() - 1);
    messages.set(
        messages.size() - 1, LayerComplete.newBuilder(complete).setHeldOutTiles(6).build());

    assertRefused(messages, "6 held-out tiles were sent");
  }

  @Test
  void shouldRefuseALayerWithoutTheHeldOutSumsOfTheCut() {
    List<SpecificRecord> messages = statistics.layer(1, 1);

    assertRefused(
        withHeldOutOf(cut), messages, "held-out tiles: 0 came and 0 were sent where 6 belong");
  }

  private Cut withHeldOutOf(Cut plain) {
    return Cut.newBuilder(plain).setHeldOut(cutWithHeldOut.getHeldOut()).build();
  }

  @Test
  void shouldRefuseAMissingTile() {
    List<SpecificRecord> messages = new ArrayList<>(statistics.layer(1, 1));
    messages.remove(2);

    assertRefused(messages, "tiles: 5 came and 6 were sent where 6 belong");
  }

  @Test
  void shouldRefuseMissingTargets() {
    List<SpecificRecord> messages = new ArrayList<>(statistics.layer(1, 1));
    messages.remove(messages.size() - 2);

    assertRefused(messages, "b is missing");
  }

  @Test
  void shouldRefuseATileThatComesTwice() {
    List<SpecificRecord> messages = new ArrayList<>(statistics.layer(1, 1));
    messages.add(0, messages.get(0));

    assertRefused(messages, "tile (0, 0) came twice");
  }

  @Test
  void shouldRefuseATileOutsideOfTheTriangle() {
    List<SpecificRecord> messages = new ArrayList<>(statistics.layer(1, 1));
    LayerTile tile = (LayerTile) messages.get(1);
    messages.set(1, LayerTile.newBuilder(tile).setRow(1).setCol(0).build());

    assertRefused(messages, "tile (1, 0)");
  }

  @Test
  void shouldRefuseANegativeDiagonal() {
    List<SpecificRecord> messages = statistics.layer(1, 1);
    change(messages.get(0), 0, Long.MIN_VALUE / 2);

    assertRefused(messages, "diagonal entry 0 is negative");
  }

  @Test
  void shouldRefuseTokensThatAreNotThoseOfTheCut() {
    List<SpecificRecord> messages = statistics.layer(1, 1);
    change(messages.get(messages.size() - 2), FoldedStatistics.WIDTH * 3 + 1, 1);

    assertRefused(messages, "tokens in b of expert 1");
  }

  @Test
  void shouldRefuseACornerThatIsNotTheTokenCount() {
    List<SpecificRecord> messages = statistics.layer(1, 1);
    // The last tile is (2, 2), 5 x 5.
    change(messages.get(messages.size() - 3), 24, 1);

    assertRefused(messages, "tokens in A are not the 90 of the cut");
  }

  @Test
  void shouldRefuseTargetsThatDoNotAddUpToTheLastColumnOfA() {
    List<SpecificRecord> messages = statistics.layer(1, 1);
    change(messages.get(messages.size() - 2), 7 * 3 + 2, 1);

    assertRefused(messages, "row 7: the columns of b do not add up");
  }

  /** The triangle that a solver looks at, row by row. */
  static List<Double> upper(double[] a) {
    int n = FoldedStatistics.WIDTH + 1;
    return IntStream.range(0, n * n).filter(at -> at % n >= at / n).mapToObj(at -> a[at]).toList();
  }
}
