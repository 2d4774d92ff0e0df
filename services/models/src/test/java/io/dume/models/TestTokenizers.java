package io.dume.models;

import com.fasterxml.jackson.databind.node.ObjectNode;
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

  /**
   * Writes a byte-level tokenizer of the 256 bytes and no merges: token id = byte, 256 is {@code
   * <e>}.
   */
  static void writeBytes(Path directory) throws IOException {
    ObjectNode vocabulary = TestModel.JSON.createObjectNode();
    int beyond = 256;
    for (int b = 0; b < 256; b++) {
      // As GPT-2 writes bytes: those that can be seen as they are, the others from 256 on.
      boolean seen = b >= 0x21 && b <= 0x7E || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      vocabulary.put(String.valueOf((char) (seen ? b : beyond++)), b);
    }
    vocabulary.put("<e>", 256);
    ObjectNode level = TestModel.JSON.createObjectNode().put("type", "ByteLevel");
    level.put("add_prefix_space", false).put("trim_offsets", true).put("use_regex", false);
    write(directory, vocabulary, false, level, level);
  }

  /**
   * Writes a tokenizer as SentencePiece's: spaces are part of a token, the first is not text, and
   * characters that it has no token for are bytes.
   */
  static void writeByteFallback(Path directory) throws IOException {
    ObjectNode vocabulary = TestModel.JSON.createObjectNode();
    for (int b = 0; b < 256; b++) {
      vocabulary.put("<0x%02X>".formatted(b), b);
    }
    vocabulary.put("<e>", 256).put("\u2581", 257).put("a", 258).put("b", 259);
    ObjectNode decoder =
        (ObjectNode)
            TestModel.JSON.readTree(
                """
                {"type": "Sequence", "decoders": [
                 {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
                 {"type": "ByteFallback"}, {"type": "Fuse"},
                 {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
                """);
    ObjectNode spaces =
        (ObjectNode)
            TestModel.JSON.readTree(
                """
                {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always",
                 "split": false}
                """);
    write(directory, vocabulary, true, spaces, decoder);
  }

  private static void write(
      Path directory,
      ObjectNode vocabulary,
      boolean fallback,
      ObjectNode preTokenizer,
      ObjectNode decoder)
      throws IOException {
    ObjectNode root = TestModel.JSON.createObjectNode().put("version", "1.0");
    root.putArray("added_tokens")
        .addObject()
        .put("id", 256)
        .put("content", "<e>")
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
    root.set("pre_tokenizer", preTokenizer);
    root.set("decoder", decoder);
    ObjectNode model = root.putObject("model").put("type", "BPE");
    model.put("byte_fallback", fallback).set("vocab", vocabulary);
    model.putArray("merges");
    Files.write(directory.resolve("tokenizer.json"), TestModel.JSON.writeValueAsBytes(root));
    Files.writeString(directory.resolve("tokenizer_config.json"), "{\"eos_token\": \"<e>\"}");
  }
}
