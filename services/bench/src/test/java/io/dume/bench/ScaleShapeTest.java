package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class ScaleShapeTest {
  @Test
  void shouldReadShapes() {
    assertThat(ScaleShape.parse("3072x28x4, 576x2x2x3"))
        .containsExactly(new ScaleShape(3072, 28, 4, 1), new ScaleShape(576, 2, 2, 3));
  }

  @Test
  void shouldRefuseWhatIsNoShape() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScaleShape.parse("3072x28"))
        .withMessageContaining("3072x28x4");
  }

  @Test
  void shouldCountTheBytesOfTheStatisticsOfThreeBillionParameters() {
    ScaleShape shape = new ScaleShape(3072, 28, 4, 1);

    // 78 tiles of 256 x 256, a column of 12 tiles of 256 x 1, the corner, and b.
    assertThat(shape.layerBytes()).isEqualTo(8L * (78 * 65_536 + 12 * 256 + 1 + 3_073));
    assertThat(shape.bytes()).isEqualTo(4_585_686_784L);
  }
}
