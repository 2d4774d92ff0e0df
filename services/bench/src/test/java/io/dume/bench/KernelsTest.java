package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.bench.kernels.MatrixKernels;
import io.dume.bench.kernels.TileKernels;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What is timed does what its name says: a kernel that does nothing is fast too. */
class KernelsTest {

  @Test
  void shouldLeaveSumsAsTheyWereSoThatTheyNeverOverflow() {
    TileKernels kernels = new TileKernels();
    kernels.fill();

    assertThat(kernels.add()).containsOnly(0);
    assertThat(kernels.addFloor()).containsOnly(0);
  }

  @Test
  void shouldEncodeAsManyBytesAsItsFloorCopies() {
    TileKernels kernels = new TileKernels();
    kernels.fill();

    assertThat(kernels.encode()).isEqualTo(kernels.encodeFloor());
  }

  @Test
  void shouldRoundTheSameValuesAsItsFloor() {
    MatrixKernels kernels = new MatrixKernels();
    kernels.fill();

    assertThat(kernels.round().value(0, 700)).isEqualTo(kernels.roundFloor()[700]).isNotZero();
  }

  @Test
  void shouldAssembleTheSameValuesAsItsFloor() {
    MatrixKernels kernels = new MatrixKernels();
    kernels.fill();

    double[] matrix = kernels.assemble();
    double[] plain = kernels.assembleFloor();

    // The first value of the tile, right of the first diagonal tile, and its mirror image.
    assertThat(matrix[256]).isEqualTo(plain[0]).isEqualTo(matrix[256 * MatrixKernels.N]);
    assertThat(Arrays.stream(matrix).filter(value -> value != 0).count())
        .isEqualTo(2L * MatrixKernels.TILE);
  }

  @Test
  void shouldBeKnownToJmhEachWithItsFloor() throws Exception {
    String known;
    try (InputStream list = getClass().getResourceAsStream("/META-INF/BenchmarkList")) {
      known = new String(list.readAllBytes(), StandardCharsets.UTF_8);
    }

    assertThat(KernelMeasurement.benchmarks())
        .allSatisfy(
            name -> {
              int dot = name.lastIndexOf('.');
              String generated = name.substring(name.lastIndexOf('.', dot - 1) + 1, dot);
              String method = name.substring(dot + 1);
              assertThat(known)
                  .contains(generated + "_" + method + "_")
                  .contains(generated + "_" + method + "Floor_");
            });
  }
}
