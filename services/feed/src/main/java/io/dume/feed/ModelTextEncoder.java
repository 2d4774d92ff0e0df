package io.dume.feed;

import io.dume.models.ModelConfig;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.OptionalInt;

/** The tokenizer of a model directory. */
public final class ModelTextEncoder implements TextEncoder, AutoCloseable {
  private static final String TOKENIZER = "tokenizer.json";
  private static final String CONFIG = "config.json";

  private final Tokenizer tokenizer;
  private final int endOfText;
  private final int vocabulary;
  private final String fingerprint;

  private ModelTextEncoder(Tokenizer tokenizer, int endOfText, int vocabulary, String fingerprint) {
    this.tokenizer = tokenizer;
    this.endOfText = endOfText;
    this.vocabulary = vocabulary;
    this.fingerprint = fingerprint;
  }

  /**
   * Loads the tokenizer of a merged model, or of any model.
   *
   * @param directory with config.json and tokenizer.json
   * @return the encoder; close it
   * @throws IOException if a file is missing or not valid, or no end-of-text token is known
   */
  public static ModelTextEncoder load(Path directory) throws IOException {
    ModelConfig config = ModelConfig.read(directory.resolve(CONFIG));
    String fingerprint = sha256(Files.readAllBytes(directory.resolve(TOKENIZER)));
    Tokenizer tokenizer = Tokenizer.load(directory);
    if (tokenizer.endOfText().isEmpty()) {
      tokenizer.close();
      throw new IOException(
          directory
              + ": no end-of-text token is known: give eos_token_id in config.json or eos_token in"
              + " tokenizer_config.json");
    }
    return new ModelTextEncoder(
        tokenizer, tokenizer.endOfText().getAsInt(), config.vocabSize(), fingerprint);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  public int[] encode(String text) {
    return tokenizer.encode(text);
  }

  @Override
  public int endOfText() {
    return endOfText;
  }

  @Override
  public OptionalInt beginToken() {
    return tokenizer.beginToken();
  }

  @Override
  public int vocabulary() {
    return vocabulary;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
