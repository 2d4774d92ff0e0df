package io.dume.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Chooses and copies the tokenizer of a merged model. */
final class MergedTokenizer {

  private static final List<String> FILES =
      List.of(
          Tokenizer.FILE, Tokenizer.CONFIG, "special_tokens_map.json", "generation_config.json");

  private MergedTokenizer() {}

  /**
   * Copies the files of the first expert that has a tokenizer and no more vocabulary rows than the
   * merged model. A token that means different things to two experts is refused: they would have
   * been trained on different texts.
   */
  static void copy(List<Checkpoint> checkpoints, int shared, Path directory, List<String> warnings)
      throws IOException {
    List<Checkpoint> having =
        checkpoints.stream().filter(c -> Tokenizer.isIn(c.directory())).toList();
    if (having.isEmpty()) {
      warnings.add("no expert has a tokenizer.json: the merged model takes token ids only");
      return;
    }
    Checkpoint source =
        having.stream()
            .filter(c -> c.config().vocabSize() == shared)
            .findFirst()
            .orElse(having.get(0));
    for (Checkpoint other : checkpoints) {
      compare(source.directory(), other.directory(), shared).ifPresent(warnings::add);
    }
    copyFiles(source.directory(), directory);
  }

  /** Copies the tokenizer's files that are there. */
  static void copyFiles(Path from, Path to) throws IOException {
    for (String name : FILES) {
      Path file = from.resolve(name);
      if (Files.isRegularFile(file)) {
        Files.copy(file, to.resolve(name));
      }
    }
  }

  /**
   * Compares a tokenizer with that of a model.
   *
   * @param source the directory of a model that has one, which is the one to be used
   * @param other the directory of an expert
   * @param shared ids below are compared
   * @return what to tell the user, if they are not alike
   * @throws InvalidModelException if an id stands for two tokens
   */
  static Optional<String> compare(Path source, Path other, int shared) throws IOException {
    if (!Tokenizer.isIn(other)) {
      return Optional.of(other + " has no tokenizer.json: that of " + source + " is used");
    }
    Path one = source.resolve(Tokenizer.FILE);
    Path two = other.resolve(Tokenizer.FILE);
    if (Files.mismatch(one, two) < 0) {
      return Optional.empty();
    }
    Map<Integer, String> ours = TokenizerVocabulary.of(ConfigFields.read(one));
    Map<Integer, String> theirs = TokenizerVocabulary.of(ConfigFields.read(two));
    for (Map.Entry<Integer, String> entry : ours.entrySet()) {
      String token = theirs.get(entry.getKey());
      if (entry.getKey() < shared && token != null && !token.equals(entry.getValue())) {
        throw new InvalidModelException(
            "experts differ in token "
                + entry.getKey()
                + ": \""
                + entry.getValue()
                + "\" in "
                + one
                + ", \""
                + token
                + "\" in "
                + two);
      }
    }
    return Optional.of(two + " differs from " + one + ", which is used");
  }
}
