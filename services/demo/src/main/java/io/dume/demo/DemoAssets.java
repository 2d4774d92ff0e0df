package io.dume.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The experts and the text that come with the project, on the class path: five small models and,
 * for each one's domain, documents that it was trained on and documents that it was not. Stateless.
 */
public final class DemoAssets {

  /** The domains, in the order of the experts. A domain and its expert have the same name. */
  public static final List<String> DOMAINS =
      List.of("novel", "politics", "code", "math", "scripture");

  /**
   * Tokens of a sequence that count, and of an evaluation window, that suit the experts: the length
   * of the sequences that they were trained on.
   */
  public static final int CONTEXT_DIM = 256;

  private static final List<String> EXPERT_FILES =
      List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json");
  private static final String CORPORA_README = "corpora/README.md";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A part of a domain's documents; no document is in two of them. */
  public enum Split {
    /** What the base, the tokenizer and the experts learnt from. */
    TRAIN,
    /** What training was watched with. */
    VALIDATION,
    /** What nothing was chosen by; for the figures that are shown. */
    TEST;

    String fileName() {
      return name().toLowerCase(Locale.ROOT) + ".jsonl";
    }
  }

  /**
   * A labelled text.
   *
   * @param domain one of {@link DemoAssets#DOMAINS}
   * @param id unique within its domain
   */
  public record Document(String domain, String id, String text) {}

  private DemoAssets() {}

  /**
   * Copies everything into a directory: {@code experts/DOMAIN/} as Hugging Face directories and
   * {@code corpora/DOMAIN/{train,validation,test}.jsonl}. A file that is there with the right
   * length is left alone, so a second call costs nothing and an interrupted one is completed.
   *
   * @return {@code directory}
   */
  public static Path unpack(Path directory) throws IOException {
    for (String domain : DOMAINS) {
      for (String file : EXPERT_FILES) {
        copy("experts/" + domain + "/" + file, directory);
      }
      for (Split split : Split.values()) {
        copy(corpus(domain, split), directory);
      }
    }
    copy(CORPORA_README, directory);
    return directory;
  }

  /** Where {@link #unpack} puts an expert. */
  public static Path expert(Path directory, String domain) {
    return directory.resolve("experts").resolve(known(domain));
  }

  /** Where {@link #unpack} puts the documents of a domain, one JSON object a line. */
  public static Path corpus(Path directory, String domain, Split split) {
    return directory.resolve(corpus(known(domain), split));
  }

  /** The documents of a domain, in the order of the file. The stream must be closed. */
  public static Stream<Document> documents(String domain, Split split) throws IOException {
    BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(open(corpus(known(domain), split)), StandardCharsets.UTF_8));
    return documents(reader);
  }

  static Stream<Document> documents(BufferedReader reader) {
    return reader
        .lines()
        .map(DemoAssets::document)
        .onClose(
            () -> {
              try {
                reader.close();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private static Document document(String line) {
    try {
      JsonNode node = JSON.readTree(line);
      return new Document(
          node.required("domain").textValue(),
          node.required("id").textValue(),
          node.required("text").textValue());
    } catch (IOException e) {
      throw new UncheckedIOException("not a document: " + line, e);
    }
  }

  private static String corpus(String domain, Split split) {
    return "corpora/" + domain + "/" + split.fileName();
  }

  private static String known(String domain) {
    if (!DOMAINS.contains(domain)) {
      throw new IllegalArgumentException("no domain " + domain + ": choose one of " + DOMAINS);
    }
    return domain;
  }

  private static InputStream open(String resource) throws IOException {
    InputStream in = DemoAssets.class.getResourceAsStream(resource);
    if (in == null) {
      throw new IOException(resource + " is not on the class path: the dume-demo jar is damaged");
    }
    return in;
  }

  /** Through a file beside the target, so that a target is there whole or not at all. */
  private static void copy(String resource, Path directory) throws IOException {
    Path target = directory.resolve(resource);
    Files.createDirectories(target.getParent());
    try (InputStream in = open(resource)) {
      byte[] bytes = in.readAllBytes();
      if (Files.exists(target) && Files.size(target) == bytes.length) {
        return;
      }
      Path partial = Files.createTempFile(target.getParent(), "unpack", ".partial");
      Files.write(partial, bytes);
      Files.move(partial, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
