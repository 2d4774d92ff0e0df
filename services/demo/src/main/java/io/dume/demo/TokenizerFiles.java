package io.dume.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes an encoding as Hugging Face's {@code tokenizer.json} and {@code tokenizer_config.json}. No
 * post-processor: nothing is added to what is tokenized.
 */
final class TokenizerFiles {

  private static final ObjectMapper JSON = new ObjectMapper();

  private TokenizerFiles() {}

  static void write(BytePairEncoding encoding, int maxPositions, Path directory)
      throws IOException {
    JSON.writeValue(directory.resolve("tokenizer.json").toFile(), tokenizer(encoding));
    JSON.writerWithDefaultPrettyPrinter()
        .writeValue(directory.resolve("tokenizer_config.json").toFile(), config(maxPositions));
  }

  private static ObjectNode tokenizer(BytePairEncoding encoding) {
    ObjectNode root = JSON.createObjectNode();
    root.put("version", "1.0");
    root.putNull("truncation");
    root.putNull("padding");
    ObjectNode special = root.putArray("added_tokens").addObject();
    special.put("id", BytePairEncoding.END_OF_TEXT_ID);
    special.put("content", BytePairEncoding.END_OF_TEXT);
    special.put("single_word", false);
    special.put("lstrip", false);
    special.put("rstrip", false);
    special.put("normalized", false);
    special.put("special", true);
    root.putNull("normalizer");
    byteLevel(root.putObject("pre_tokenizer"));
    root.putNull("post_processor");
    byteLevel(root.putObject("decoder"));
    ObjectNode model = root.putObject("model");
    model.put("type", "BPE");
    model.putNull("dropout");
    model.putNull("unk_token");
    model.putNull("continuing_subword_prefix");
    model.putNull("end_of_word_suffix");
    model.put("fuse_unk", false);
    model.put("byte_fallback", false);
    ObjectNode vocabulary = model.putObject("vocab");
    List<String> tokens = encoding.tokens();
    for (int id = 0; id < tokens.size(); id++) {
      vocabulary.put(tokens.get(id), id);
    }
    ArrayNode merges = model.putArray("merges");
    for (BytePairEncoding.Merge merge : encoding.merges()) {
      merges.add(tokens.get(merge.pair().left()) + " " + tokens.get(merge.pair().right()));
    }
    return root;
  }

  private static void byteLevel(ObjectNode node) {
    node.put("type", "ByteLevel");
    node.put("add_prefix_space", false);
    node.put("trim_offsets", true);
    node.put("use_regex", true);
  }

  private static ObjectNode config(int maxPositions) {
    ObjectNode root = JSON.createObjectNode();
    root.put("tokenizer_class", "PreTrainedTokenizerFast");
    root.put("eos_token", BytePairEncoding.END_OF_TEXT);
    root.put("add_prefix_space", false);
    root.put("clean_up_tokenization_spaces", false);
    root.put("model_max_length", maxPositions);
    // The class has token types too unless told otherwise, which no Llama takes.
    root.putArray("model_input_names").add("input_ids").add("attention_mask");
    return root;
  }
}
