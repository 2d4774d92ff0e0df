package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.models.RouterWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabCommandTest {

  @TempDir private Path directory;

  @Test
  void shouldCompareOnTheDemosExpertsAndWriteTheFigures() throws IOException {
    Path out = directory.resolve("lab.json");
    Path tasks =
        Files.writeString(
            directory.resolve("tasks.jsonl"),
            "{\"query\": \"One and one is\", \"choices\": [\" two\", \" xq zq\"], \"gold\": 0}\n"
                + "{\"query\": \"One and one is\", \"answer\": \"two\"}\n");
    CommandRun run = new CommandRun();

    int status =
        run.execute(
            "lab",
            "--quick",
            "--methods",
            "dume,dume-k,oracle",
            "--tokens-per-domain",
            "500",
            "--test-tokens-per-domain",
            "200",
            "--questions",
            "4",
            "--completions",
            "3",
            "--train-top-k",
            "3",
            "--routers",
            directory.resolve("routers").toString(),
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
    assertThat(figures.at("/generation/questions/math").intValue()).isEqualTo(4);
    assertThat(figures.at("/generation/questions/novel").intValue()).isEqualTo(3);
    JsonNode methods = figures.get("methods");
    assertThat(methods.fieldNames()).toIterable().containsExactly("dume", "dume-k", "oracle");
    assertThat(methods.at("/dume-k/policy").asText()).contains("top-k=3");
    assertThat(RouterWeights.read(directory.resolve("routers/dume.safetensors")).metadata())
        .containsEntry("context_dim", "256");
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
  void shouldRefuseAQuestionThatIsToBeChosenAndWritten() throws IOException {
    Path tasks =
        Files.writeString(
            directory.resolve("tasks.jsonl"),
            "{\"query\": \"One\", \"choices\": [\" two\"], \"gold\": 0, \"answer\": \"two\"}\n");
    CommandRun run = new CommandRun();

    int status = run.execute("lab", "--quick", "--methods", "oracle", "--tasks", "math=" + tasks);

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("tasks.jsonl, line 1", "either choices and gold, or an answer");
  }

  @Test
  void shouldNameTheMethodsThereAre() {
    CommandRun run = new CommandRun();

    int status = run.execute("lab", "--methods", "dume,magic");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("no method magic", "dume-memory", "oracle");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--methods none --questions 5 | answered by methods that route",
        "--methods dense --completions 5 | answered by methods that route",
        "--methods dense --tasks math=tasks.jsonl | answered by methods that route",
        "--methods dume --pictures pictures | --pictures draws ablations",
        "--methods oracle --routers routers | --routers writes gates"
      })
  void shouldRefuseWhatWouldDoNothing(String options, String message) {
    CommandRun run = new CommandRun();

    int status = run.execute(("lab --quick " + options).split(" "));

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(message);
  }

  @ParameterizedTest
  @CsvSource({"a,b,b,--validation", "a,b,a,--train", "a,a,b,--train"})
  void shouldRefuseTextThatIsUsedTwice(String train, String validation, String test, String option)
      throws IOException {
    for (String name : List.of("a", "b")) {
      Files.writeString(directory.resolve(name), name);
    }
    CommandRun run = new CommandRun();

    int status =
        run.execute(
            "lab",
            "--model",
            "merged",
            "--expert",
            "math=models/math",
            "--train",
            directory.resolve(train).toString(),
            "--validation",
            directory.resolve(validation).toString(),
            "--test",
            directory.resolve(test).toString());

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains(option + " " + directory, "give it text of its own");
  }

  @Test
  void shouldRefuseMoreExpertsInTrainingThanThereAre() {
    CommandRun run = new CommandRun();

    int status = run.execute("lab", "--quick", "--methods", "dume,btx", "--train-top-k", "6");

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("training with 6 experts a token: there are 5");
  }

  @Test
  void shouldTrainOnWindowsThatTheModelCanRead() {
    assertThat(LabCommand.predicted(64, 64)).isEqualTo(63);
    assertThat(LabCommand.predicted(64, 65)).isEqualTo(64);
  }

  @Test
  void shouldAskForAllThatAModelOfOnesOwnNeeds() {
    CommandRun run = new CommandRun();

    int status = run.execute("lab", "--model", "merged", "--train", "train.jsonl");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("--model, --expert, --train, --validation and --test");
  }
}
