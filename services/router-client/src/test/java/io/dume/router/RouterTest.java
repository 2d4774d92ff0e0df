package io.dume.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.message.RouterVersion;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RouterTest {
  private static float at(byte[] weights, int index) {
    return ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN).getFloat(index * Float.BYTES);
  }

  @Test
  void shouldGiveTheWeightsOfEachLayer() {
    byte[] weights = Versions.weights(1);

    Router router = Router.of(Versions.describe("demo", 4, 1, weights), weights);

    // A layer is 3 x 5 weights and 3 intercepts.
    assertThat(router.weight(0)).hasSize(15).startsWith(at(weights, 0)).endsWith(at(weights, 14));
    assertThat(router.bias(0)).containsExactly(at(weights, 15), at(weights, 16), at(weights, 17));
    assertThat(router.weight(1)).hasSize(15).startsWith(at(weights, 18)).endsWith(at(weights, 32));
    assertThat(router.bias(1)).containsExactly(at(weights, 33), at(weights, 34), at(weights, 35));
    assertThat(router.experts()).containsExactly("novel", "code", "math");
    assertThat(router.version()).isEqualTo(4);
    assertThat(router.name()).isEqualTo("demo");
    assertThat(router.layers()).isEqualTo(2);
    assertThat(router.width()).isEqualTo(5);
  }

  @Test
  void shouldHandOutCopies() {
    byte[] weights = Versions.weights(1);
    Router router = Router.of(Versions.describe("demo", 4, 1, weights), weights);

    router.weight(0)[0] = 42;
    router.bias(0)[0] = 42;

    assertThat(router.weight(0)[0]).isEqualTo(at(weights, 0));
    assertThat(router.bias(0)[0]).isEqualTo(at(weights, 15));
  }

  @Test
  void shouldRefuseALayerThatIsNotThere() {
    byte[] weights = Versions.weights(1);
    Router router = Router.of(Versions.describe("demo", 4, 1, weights), weights);

    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> router.weight(2));
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> router.bias(-1));
  }

  @Property(tries = 200)
  void shouldNoticeEveryFlippedBit(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 36 * 32 - 1) int bit) {
    byte[] weights = Versions.weights(seed);
    RouterVersion description = Versions.describe("demo", 4, 1, weights);
    weights[bit / 8] ^= (byte) (1 << bit % 8);

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> Router.of(description, weights))
        .withMessageContaining("demo version 4")
        .withMessageContaining("SHA-256");
  }

  @Test
  void shouldRefuseWeightsOfAnotherLength() {
    byte[] weights = new byte[Versions.weights(1).length - 4];

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> Router.of(Versions.describe("demo", 4, 1, weights), weights))
        .withMessageContaining("140 bytes of weights");
  }

  @Test
  void shouldRefuseWeightsThatAreNotNumbers() {
    byte[] weights = Versions.weights(1);
    ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN).putFloat(8, Float.NaN);

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> Router.of(Versions.describe("demo", 4, 1, weights), weights))
        .withMessageContaining("a weight is NaN");
  }
}
