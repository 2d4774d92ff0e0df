package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

  private static final String DOWN = "model.layers.1.mlp.down_proj.weight";

  @TempDir Path directory;

  private final TestModel model = TestModel.random(TestModel.config("llama"), TensorType.F32, 11);

  @Test
  void shouldReadTheTensorsOfShards() throws IOException {
    model.writeSharded(directory, 3);

    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(checkpoint.read(DOWN)).containsExactly(model.weights.get(DOWN));
      assertThat(checkpoint.spec(DOWN).shape()).containsExactly(24L, 40L);
    }
  }

  @Test
  void shouldRefuseAMissingTensorByName() throws IOException {
    model.weights.remove(DOWN);
    model.write(directory);

    assertRefused(DOWN, "missing");
  }

  @Test
  void shouldRefuseAWrongShapeByName() throws IOException {
    model.shapes.put(DOWN, new long[] {40, 24});
    model.write(directory);

    assertRefused("model.safetensors", DOWN, "shape [40, 24]", "[24, 40]");
  }

  @Test
  void shouldRefuseATensorThatItWouldLeaveOut() throws IOException {
    model.weights.put("model.layers.0.self_attn.q_norm.weight", new float[8]);
    model.shapes.put("model.layers.0.self_attn.q_norm.weight", new long[] {8});
    model.write(directory);

    assertRefused("model.layers.0.self_attn.q_norm.weight", "no such tensor");
  }

  @Test
  void shouldAcceptStoredRotaryFrequencies() throws IOException {
    model.weights.put("model.layers.0.self_attn.rotary_emb.inv_freq", new float[4]);
    model.shapes.put("model.layers.0.self_attn.rotary_emb.inv_freq", new long[] {4});
    model.write(directory);

    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(checkpoint.config().layers()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void shouldRefuseANumberThatIsNotFiniteWhenItIsRead(float bad) throws IOException {
    model.weights.get(DOWN)[17] = bad;
    model.write(directory);

    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThatThrownBy(() -> checkpoint.read(DOWN))
          .isInstanceOf(InvalidModelException.class)
          .hasMessageContaining("model.safetensors")
          .hasMessageContaining(DOWN)
          .hasMessageContaining("element 17 is " + bad);
    }
    assertThatThrownBy(() -> DenseModel.load(directory, Device.CPU))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining(DOWN);
  }

  @Test
  void shouldRefuseATruncatedFile() throws IOException {
    model.write(directory);
    try (RandomAccessFile file =
        new RandomAccessFile(directory.resolve("model.safetensors").toFile(), "rw")) {
      file.setLength(file.length() - 10);
    }

    assertRefused("model.safetensors", "lm_head.weight", "truncated");
  }

  @Test
  void shouldRefuseAnIndexThatListsAFileThatIsNotThere() throws IOException {
    model.writeSharded(directory, 10);
    Files.delete(directory.resolve("model-00001.safetensors"));

    assertRefused("model-00001.safetensors", "missing");
  }

  @Test
  void shouldRefuseAnIndexThatListsATensorThatIsNotThere() throws IOException {
    model.writeSharded(directory, 10);
    Path index = directory.resolve("model.safetensors.index.json");
    Files.writeString(
        index, Files.readString(index).replace("model.norm.weight", "model.norms.weight"));

    assertRefused("model.norms.weight", "missing");
  }

  @Test
  void shouldRefuseAnIndexThatPointsOutOfTheDirectory() throws IOException {
    model.writeSharded(directory, 10);
    Path index = directory.resolve("model.safetensors.index.json");
    Files.writeString(index, Files.readString(index).replace("model-00001.", "../model-00001."));

    assertRefused("model.safetensors.index.json", "../model-00001.safetensors");
  }

  @Test
  void shouldRefuseADirectoryWithoutAModel() throws IOException {
    assertRefused("config.json", "missing");
    Files.write(directory.resolve("config.json"), TestModel.JSON.writeValueAsBytes(model.config));
    assertRefused("model.safetensors");
    assertThatThrownBy(() -> Checkpoint.open(directory.resolve("absent")))
        .hasMessageContaining("not a directory");
  }

  private void assertRefused(String... parts) {
    assertThatThrownBy(() -> Checkpoint.open(directory))
        .isInstanceOf(InvalidModelException.class)
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }
}
