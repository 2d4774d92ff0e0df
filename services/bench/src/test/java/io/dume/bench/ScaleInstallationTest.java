package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.extractor.FlushPolicy;
import org.junit.jupiter.api.Test;

class ScaleInstallationTest {
  @Test
  void shouldHoldTheSumsOfThreeBillionParametersAndADomainOnTheirWayInCaches() {
    ScaleShape shape = new ScaleShape(3072, 28, 4, 1);

    int accumulators = ScaleInstallation.accumulators(shape);

    assertThat(accumulators).isEqualTo(4);
    long domain = shape.layerBytes() * shape.layers();
    assertThat(domain).isGreaterThan(FlushPolicy.DEFAULT.bytes());
    assertThat(ScaleInstallation.cache(shape) * accumulators).isGreaterThan(shape.bytes() + domain);
  }

  @Test
  void shouldHoldAWholeFlushAndItsSumsInOneCacheWhereThatIsEnough() {
    ScaleShape shape = new ScaleShape(4096, 2, 2, 1);

    int accumulators = ScaleInstallation.accumulators(shape);

    assertThat(accumulators).isOne();
    assertThat(ScaleInstallation.cache(shape)).isGreaterThan(2 * shape.bytes());
  }

  @Test
  void shouldNotHaveMoreAccumulatorsThanPartitionsToFold() {
    assertThat(ScaleInstallation.accumulators(new ScaleShape(8192, 80, 8, 2))).isEqualTo(4);
  }
}
