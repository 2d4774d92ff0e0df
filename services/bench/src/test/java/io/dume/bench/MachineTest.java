package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MachineTest {

  @Test
  void shouldNameProcessorLibrariesAndThreads() {
    Machine machine = Machine.here(Map.of("OPENBLAS_CORETYPE", "HASWELL", "SECRET", "hunter2"));

    String text = String.join("\n", machine.lines());
    assertThat(text)
        .contains("cores", "GiB of memory", "OPENBLAS_CORETYPE=HASWELL")
        .containsPattern("kafka 4\\.\\d")
        .containsPattern("libtorch 2\\.\\d")
        .containsPattern("ejml 0\\.\\d")
        .containsPattern("openblas 0\\.\\d")
        .doesNotContain("hunter2");
  }

  @Test
  void shouldWarnOfAMachineThatIsBusy() {
    int cores = Runtime.getRuntime().availableProcessors();

    assertThat(Machine.warning(cores / 2.0)).isEmpty();
    assertThat(Machine.warning(cores / 2.0 + 0.1).orElseThrow())
        .contains("busy", "on %d cores".formatted(cores));
  }

  @Test
  void shouldFindTheProcessorsName() {
    assertThat(Machine.processor(List.of("processor\t: 0", "model name\t: AMD EPYC 7B13")))
        .contains("AMD EPYC 7B13");
    assertThat(Machine.processor(List.of("Hardware : something else"))).isEmpty();
  }
}
