package io.dume.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.lab.TaskSet;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Questions that the lab's methods answer. */
final class LabTaskOptions {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Option(
      names = "--tasks",
      paramLabel = "DOMAIN=FILE",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description =
          "Questions of a domain, a line each: {\"query\": \"2 + 2 =\", \"choices\": [\" 4\", \" 5\"],"
              + " \"gold\": 0}, where the likeliest choice is taken, by its mean log-likelihood a token;"
              + " or {\"query\": \"2 + 2 =\", \"answer\": \"4\"}, where the answer is written, the"
              + " likeliest token after the other. It is right if the first line that is written, without"
              + " white space around it, is exactly the answer.")
  private List<NamedDirectory> files = new ArrayList<>();

  @Option(
      names = "--questions",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Questions for each domain that are made of its test text: which of four continuations"
              + " follows. Default: ${DEFAULT-VALUE}.")
  private int questions;

  @Option(
      names = "--completions",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Questions for each domain that are made of its test text: the word after 24 others must be"
              + " written exactly, in as many tokens as it has. Default: ${DEFAULT-VALUE}.")
  private int completions;

  /** Whether any are asked for. */
  boolean wanted() {
    return !files.isEmpty() || questions > 0 || completions > 0;
  }

  /**
   * Reads and makes the questions.
   *
   * @param text whose test text they are made of
   * @throws IllegalArgumentException naming file and line of one that can't be read
   */
  TaskSet read(Tokenizer tokenizer, int context, LabText text) throws IOException {
    TaskSet.Builder set = TaskSet.builder(tokenizer, context);
    for (NamedDirectory file : files) {
      List<String> lines = Files.readAllLines(file.directory());
      for (int n = 0; n < lines.size(); n++) {
        if (!lines.get(n).isBlank()) {
          add(set, file.name(), lines.get(n), file.directory(), n + 1);
        }
      }
    }
    if (questions > 0 || completions > 0) {
      text.forEachTest(set::addText);
    }
    return set.build(questions, completions);
  }

  private static void add(TaskSet.Builder set, String domain, String line, Path file, int number) {
    try {
      JsonNode node = JSON.readTree(line);
      if (node.hasNonNull("answer") == node.hasNonNull("choices")) {
        throw new IllegalArgumentException(
            "a question has either choices and gold, or an answer that is to be written");
      }
      if (node.hasNonNull("answer")) {
        set.add(domain, node.path("query").asText(), node.path("answer").asText());
        return;
      }
      List<String> choices = new ArrayList<>();
      node.path("choices").forEach(choice -> choices.add(choice.asText()));
      set.add(domain, node.path("query").asText(), choices, node.path("gold").asInt(-1));
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s, line %d: %s"
              .formatted(
                  file,
                  number,
                  e instanceof JsonProcessingException json
                      ? json.getOriginalMessage()
                      : e.getMessage()),
          e);
    }
  }
}
