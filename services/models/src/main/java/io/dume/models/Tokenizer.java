package io.dume.models;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A model directory's {@code tokenizer.json}. Works offline, never truncates and never pads. A text
 * is encoded without the special tokens that the tokenizer's template would add around it; {@link
 * #beginToken} tells whether that template puts one in front, so that a caller can do the same.
 *
 * <p>Safe for use by several threads, until closed.
 */
public final class Tokenizer implements AutoCloseable {

  static final String FILE = "tokenizer.json";
  static final String CONFIG = "tokenizer_config.json";
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false");

  private final HuggingFaceTokenizer tokenizer;
  private final int size;
  private final OptionalInt endOfText;
  private final OptionalInt beginToken;

  private Tokenizer(
      HuggingFaceTokenizer tokenizer, int size, OptionalInt endOfText, OptionalInt beginToken) {
    this.tokenizer = tokenizer;
    this.size = size;
    this.endOfText = endOfText;
    this.beginToken = beginToken;
  }

  /**
   * Loads the tokenizer of a model directory.
   *
   * @throws InvalidModelException if there is no {@code tokenizer.json} or it cannot be read
   */
  public static Tokenizer load(Path directory) throws IOException {
    LibTorch.configure();
    Path file = directory.resolve(FILE);
    ConfigFields json = ConfigFields.read(file);
    HuggingFaceTokenizer tokenizer;
    try {
      tokenizer =
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(Files.readAllBytes(file)), OPTIONS);
    } catch (RuntimeException e) {
      throw new InvalidModelException(file + ": not a tokenizer: " + e.getMessage(), e);
    }
    Map<Integer, String> vocabulary = TokenizerVocabulary.of(json);
    int size = vocabulary.keySet().stream().mapToInt(id -> id + 1).max().orElse(0);
    return new Tokenizer(tokenizer, size, endOfText(directory, vocabulary), beginToken(tokenizer));
  }

  /** Returns whether a directory has a tokenizer. */
  public static boolean isIn(Path directory) {
    return Files.isRegularFile(directory.resolve(FILE));
  }

  private static OptionalInt endOfText(Path directory, Map<Integer, String> vocabulary)
      throws IOException {
    Path config = directory.resolve(Checkpoint.CONFIG);
    if (Files.exists(config)) {
      List<Integer> ids = ModelConfig.tokenIds(ConfigFields.read(config), "eos_token_id");
      if (!ids.isEmpty()) {
        return OptionalInt.of(ids.get(0));
      }
    }
    Path tokenizerConfig = directory.resolve(CONFIG);
    if (Files.exists(tokenizerConfig)) {
      JsonNode token = ConfigFields.read(tokenizerConfig).get("eos_token");
      String content = token.isObject() ? token.path("content").asText() : token.asText();
      return vocabulary.entrySet().stream()
          .filter(entry -> entry.getValue().equals(content))
          .mapToInt(Map.Entry::getKey)
          .findFirst();
    }
    return OptionalInt.empty();
  }

  private static OptionalInt beginToken(HuggingFaceTokenizer tokenizer) {
    long[] plain = tokenizer.encode("a", false, false).getIds();
    long[] wrapped = tokenizer.encode("a", true, false).getIds();
    boolean added =
        wrapped.length > plain.length
            && !Arrays.equals(plain, Arrays.copyOf(wrapped, plain.length));
    return added ? OptionalInt.of((int) wrapped[0]) : OptionalInt.empty();
  }

  /** Returns the token ids of a text, without any special token around them. */
  public int[] encode(String text) {
    Encoding encoding = tokenizer.encode(text, false, false);
    return Arrays.stream(encoding.getIds()).mapToInt(Math::toIntExact).toArray();
  }

  /** Returns the text of token ids, special tokens included. */
  public String decode(int[] ids) {
    return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), false);
  }

  /** Returns one more than the highest token id, added tokens included. */
  public int vocabSize() {
    return size;
  }

  /**
   * Returns the id that ends a document: the first {@code eos_token_id} of {@code config.json},
   * else the {@code eos_token} of {@code tokenizer_config.json}.
   */
  public OptionalInt endOfText() {
    return endOfText;
  }

  /** Returns the id that the tokenizer's own template puts before a text, if it does. */
  public OptionalInt beginToken() {
    return beginToken;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
