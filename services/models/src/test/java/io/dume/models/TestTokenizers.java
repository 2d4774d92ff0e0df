package io.dume.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Small byte-level BPE tokenizers: two special tokens, three characters, one merge. */
final class TestTokenizers {

  private TestTokenizers() {}

  static void write(Path directory, boolean beginToken) throws IOException {
    String template =
        """
        {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<b>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
         "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
         "special_tokens": {"<b>": {"id": "<b>", "ids": [0], "tokens": ["<b>"]}}}
        """;
    Files.writeString(
        directory.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}, "padding": null,
         "added_tokens": [
          {"id": 0, "content": "<b>", "single_word": false, "lstrip": false, "rstrip": false,
           "normalized": false, "special": true},
          {"id": 1, "content": "<e>", "single_word": false, "lstrip": false, "rstrip": false,
           "normalized": false, "special": true}],
         "normalizer": null,
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
          "use_regex": true},
         "post_processor": %s,
         "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
          "use_regex": true},
         "model": {"type": "BPE", "dropout": null, "unk_token": null,
          "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
          "byte_fallback": false,
          "vocab": {"<b>": 0, "<e>": 1, "a": 2, "b": 3, "\\u0120": 4, "ab": 5},
          "merges": ["a b"]}}
        """
            .formatted(beginToken ? template : "null"));
  }
}
