package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabCommandTest {

  @TempDir private Path directory;

  @Test
  void shouldCompareOnTheDemosExpertsAndWriteTheFigures() throws IOException {
    Path out = directory.resolve("lab.json");
    Path tasks =
        Files.writeString(
            directory.resolve("tasks.jsonl"),
            "{\"query\": \"One and one is\", \"choices\": [\" two\", \" xq zq\"], \"gold\": 0}\n");
    CommandRun run = new CommandRun();

    int status =
        run.execute(
            "lab",
            "--quick",
            "--methods",
            "dume,oracle",
            "--tokens-per-domain",
            "500",
            "--test-tokens-per-domain",
            "200",
            "--questions",
            "4",
            "--tasks",
            "math=" + tasks,
            "--ablations",
            "normalisation",
            "--pictures",
            directory.resolve("pictures").toString(),
            "--out",
            out.toString());

    assertThat(status).as(run.err()).isZero();
    assertThat(run.out()).contains("method", "novel", "oracle", "switches/100");
    JsonNode figures = new ObjectMapper().readTree(out.toFile());
    assertThat(figures.at("/reasoning/questions/math").intValue()).isEqualTo(5);
    assertThat(figures.at("/reasoning/questions/code").intValue()).isEqualTo(4);
    JsonNode methods = figures.get("methods");
    assertThat(methods.fieldNames()).toIterable().containsExactly("dume", "oracle");
    assertThat(methods.at("/dume/domains/math/perplexity").doubleValue()).isGreaterThan(1);
    assertThat(directory.resolve("pictures/normalisation.svg")).content().contains("columns of W");
    assertThat(directory.resolve("pictures/normalisation.png")).isNotEmptyFile();
  }

  @Test
  void shouldNameTheLineOfAQuestionThatIsNone() throws IOException {
    Path tasks =
        Files.writeString(
            directory.resolve("tasks.jsonl"),
            "\n{\"query\": \"One\", \"choices\": [\" two\", \" three\"], \"gold\": 2}\n");
    CommandRun run = new CommandRun();

    int status = run.execute("lab", "--quick", "--methods", "oracle", "--tasks", "math=" + tasks);

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("tasks.jsonl, line 2: gold = 2");
  }

  @Test
  void shouldNameTheMethodsThereAre() {
    CommandRun run = new CommandRun();

    int status = run.execute("lab", "--methods", "dume,magic");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("no method magic", "dume-memory", "oracle");
  }

  @Test
  void shouldAskForAllThatAModelOfOnesOwnNeeds() {
    CommandRun run = new CommandRun();

    int status = run.execute("lab", "--model", "merged", "--train", "train.jsonl");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("--model, --expert, --train, --validation and --test");
  }
}
