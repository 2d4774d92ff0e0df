package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {

  @Test
  void shouldResolveAutoToADeviceThatResolvesToItself() {
    Device device = Device.resolve("auto");

    assertThat(Device.resolve(device.toString())).isEqualTo(device);
    assertThat(Device.resolve("CPU")).isEqualTo(Device.CPU);
  }

  @Test
  void shouldRefuseACudaDeviceThatIsNotThere() {
    assertThatThrownBy(() -> Device.resolve("cuda:99"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cuda:99")
        .hasMessageContaining("CUDA devices");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "gpu", "cuda:", "cuda:-1", "cpu:1", "cuda:9999"})
  void shouldRefuseWhatIsNotADevice(String text) {
    assertThatThrownBy(() -> Device.resolve(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("use auto, cpu, cuda or cuda:N");
  }

  @ParameterizedTest
  @CsvSource({
    "flags : fpu avx2 fma avx512f avx512vl avx512bw avx512dq, avx512",
    "flags : fpu avx2 fma avx512f, avx2",
    "flags : fpu avx2, default",
    "Features : fp asimd, default",
  })
  void shouldNameTheInstructionSetThatLibtorchSelects(String line, String expected) {
    assertThat(NumericProfile.instructionSet(List.of("processor : 0", line))).isEqualTo(expected);
  }
}
