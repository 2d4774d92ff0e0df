package io.dume.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelTextEncoderTest {
  private static final String TOKENIZER =
      """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [
        {"id": 0, "content": "<e>", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true}],
       "normalizer": null,
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
        "use_regex": true},
       "post_processor": null,
       "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
        "use_regex": true},
       "model": {"type": "BPE", "dropout": null, "unk_token": null,
        "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
        "byte_fallback": false,
        "vocab": {"<e>": 0, "a": 1, "b": 2, "ab": 3}, "merges": ["a b"]}}
      """;
  private static final String CONFIG =
      """
      {"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
       "num_key_value_heads": 2, "intermediate_size": 16, "vocab_size": 3, "rms_norm_eps": 1e-6,
       "rope_theta": 10000.0, "max_position_embeddings": 32, "hidden_act": "silu",
       "tie_word_embeddings": true%s}
      """;

  @TempDir Path directory;

  private void write(String moreConfig) throws IOException {
    Files.writeString(directory.resolve("tokenizer.json"), TOKENIZER);
    Files.writeString(directory.resolve("config.json"), CONFIG.formatted(moreConfig));
  }

  @Test
  void shouldEncodeWithTheModelsTokenizerAndKnowItsVocabulary() throws Exception {
    write(", \"eos_token_id\": 0");

    try (ModelTextEncoder encoder = ModelTextEncoder.load(directory)) {
      assertThat(encoder.encode("abba")).containsExactly(3, 2, 1);
      assertThat(encoder.endOfText()).isZero();
      assertThat(encoder.beginToken()).isEmpty();
      // The model's, although the tokenizer has one more.
      assertThat(encoder.vocabulary()).isEqualTo(3);
      assertThat(encoder.fingerprint())
          .isEqualTo(
              HexFormat.of()
                  .formatHex(MessageDigest.getInstance("SHA-256").digest(TOKENIZER.getBytes())));
    }
  }

  @Test
  void shouldRefuseAModelWithoutAnEndOfTextToken() throws Exception {
    write("");

    assertThatThrownBy(() -> ModelTextEncoder.load(directory))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("eos_token_id");
  }
}
