package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RouterWeightsTest {

  @TempDir Path directory;

  @Test
  void shouldReadBackWhatItWrites() throws IOException {
    Path file = directory.resolve("router.safetensors");
    RouterWeights router =
        new RouterWeights(
            List.of(new float[] {1, 2, 3, 4, 5, 6}, new float[] {6, 5, 4, 3, 2, 1}),
            List.of(new float[] {7, 8}, new float[] {9, 10}),
            Map.of("version", "3"));

    router.write(file);
    RouterWeights read = RouterWeights.read(file);

    assertThat(read.layers()).isEqualTo(2);
    assertThat(read.experts()).isEqualTo(2);
    assertThat(read.hiddenSize()).isEqualTo(3);
    assertThat(read.weight(1)).containsExactly(6, 5, 4, 3, 2, 1);
    assertThat(read.bias(0)).containsExactly(7, 8);
    assertThat(read.metadata()).isEqualTo(Map.of("version", "3"));
    try (Safetensors tensors = Safetensors.open(file)) {
      assertThat(tensors.names())
          .containsExactlyInAnyOrder(
              "model.layers.0.mlp.gate.weight",
              "model.layers.0.mlp.gate.bias",
              "model.layers.1.mlp.gate.weight",
              "model.layers.1.mlp.gate.bias");
    }
  }

  @Test
  void shouldRefuseNumbersThatAreNotFiniteAndLayersThatDoNotFit() {
    assertThatThrownBy(
            () ->
                new RouterWeights(
                    List.of(new float[] {1, Float.NaN}), List.of(new float[1]), Map.of()))
        .hasMessageContaining("model.layers.0.mlp.gate.weight")
        .hasMessageContaining("NaN");
    assertThatThrownBy(
            () ->
                new RouterWeights(
                    List.of(new float[4], new float[6]),
                    List.of(new float[2], new float[2]),
                    Map.of()))
        .hasMessageContaining("model.layers.1.mlp.gate.weight");
    assertThatThrownBy(() -> new RouterWeights(List.of(), List.of(), Map.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldRefuseAFileThatIsNotARouter() throws IOException {
    Path file = directory.resolve("router.safetensors");
    write(file, TensorSpec.of("model.layers.0.mlp.gate.weight", TensorType.F64, 1, 2));
    assertThatThrownBy(() -> RouterWeights.read(file))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("router.safetensors");

    write(
        file,
        TensorSpec.of("model.layers.0.mlp.gate.weight", TensorType.F32, 1, 2),
        TensorSpec.of("model.layers.0.mlp.gate.bias", TensorType.F32, 2));
    assertThatThrownBy(() -> RouterWeights.read(file))
        .hasMessageContaining("model.layers.0.mlp.gate.bias")
        .hasMessageContaining("expected F32 of shape [1]");

    write(file, TensorSpec.of("x", TensorType.F32, 2));
    assertThatThrownBy(() -> RouterWeights.read(file)).hasMessageContaining("not a router");
  }

  private static void write(Path file, TensorSpec... specs) throws IOException {
    try (SafetensorsWriter writer = new SafetensorsWriter(file, List.of(specs), Map.of())) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), new float[(int) spec.elements()]);
      }
      writer.finish();
    }
  }
}
