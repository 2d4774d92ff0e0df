package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigTest {

  @TempDir Path directory;

  @Test
  void shouldFillInWhatLlamaLeavesOut() throws IOException {
    ObjectNode config = TestModel.config("llama");
    config.remove("head_dim");
    config.remove("num_key_value_heads");
    config.remove("rope_theta");
    config.remove("tie_word_embeddings");
    config.remove("eos_token_id");
    config.putNull("rope_scaling");

    ModelConfig read = read(config);

    assertThat(read.headDim()).isEqualTo(6);
    assertThat(read.kvHeads()).isEqualTo(4);
    assertThat(read.ropeTheta()).isEqualTo(10_000);
    assertThat(read.ropeScaling()).isEqualTo(new RopeScaling.None());
    assertThat(read.tiedEmbeddings()).isFalse();
    assertThat(read.endOfText()).isEmpty();
    assertThat(read.bosTokenId()).isEmpty();
  }

  @Test
  void shouldTakeTheFirstOfSeveralEndTokens() throws IOException {
    ObjectNode config = TestModel.config("llama");
    config.putArray("eos_token_id").add(7).add(9);

    assertThat(read(config).endOfText()).hasValue(7);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model_type | \"gpt2\"",
        "hidden_act | \"gelu\"",
        "mlp_bias | true",
        "sliding_window | 63",
        "layer_types | [\"full_attention\", \"sliding_attention\"]",
        "quantization_config | {\"bits\": 4}",
        "partial_rotary_factor | 0.5",
        "rope_scaling | {\"factor\": 2.0}",
        "rope_scaling | {\"type\": \"yarn\", \"factor\": 2.0}",
        "rope_scaling | {\"rope_type\": \"dynamic\", \"factor\": 2.0}",
        "rope_scaling | {\"rope_type\": \"linear\", \"factor\": 0}",
        "rope_scaling | 3",
        "num_key_value_heads | 3",
        "head_dim | 7",
        "hidden_size | -1",
        "hidden_size | \"wide\"",
        "hidden_size | 99999999999",
        "num_hidden_layers | null",
        "vocab_size | 1.5",
        "rms_norm_eps | \"NaN\"",
        "eos_token_id | \"</s>\"",
        "tie_word_embeddings | \"yes\"",
      })
  void shouldRefuseWhatItDoesNotSupportByName(String field, String value) throws IOException {
    ObjectNode config = TestModel.config("llama");
    config.set(field, TestModel.JSON.readTree(value));

    assertThatThrownBy(() -> read(config))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining(field);
  }

  @Test
  void shouldRefuseTheSlidingWindowOfQwen2OnlyWhenItIsUsed() throws IOException {
    ObjectNode config = TestModel.config("qwen2").put("sliding_window", 8);

    assertThat(read(config.put("use_sliding_window", false)).qkvBias()).isTrue();
    config.put("use_sliding_window", true);
    assertThatThrownBy(() -> read(config)).hasMessageContaining("sliding_window = 8");
  }

  @Test
  void shouldRefuseAFileThatIsMissingOrNotJson() throws IOException {
    Path file = directory.resolve("config.json");

    assertThatThrownBy(() -> ModelConfig.read(file)).hasMessageContaining("config.json: missing");
    Files.writeString(file, "{");
    assertThatThrownBy(() -> ModelConfig.read(file))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("not valid JSON");
  }

  private ModelConfig read(ObjectNode config) throws IOException {
    Path file = directory.resolve("config.json");
    Files.write(file, TestModel.JSON.writeValueAsBytes(config));
    return ModelConfig.read(file);
  }
}
