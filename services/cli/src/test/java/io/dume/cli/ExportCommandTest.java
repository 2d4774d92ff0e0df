package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExportCommandTest {

  @TempDir private static Path shared;
  private static DemoModel model;
  private static Path router;

  @TempDir private Path directory;

  @BeforeAll
  static void makeModel() throws IOException {
    model = DemoModel.make(shared);
    router = model.router(shared.resolve("router.safetensors"));
  }

  private int export(CommandRun run, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("export", "--model", model.merged(), "--out", "" + directory.resolve("out")));
    arguments.addAll(List.of(more));
    return run.execute(arguments.toArray(String[]::new));
  }

  private JsonNode json(String file) throws IOException {
    return new ObjectMapper().readTree(directory.resolve("out").resolve(file).toFile());
  }

  @Test
  void shouldWriteTheMixtureOfARouterFileInShards() throws IOException {
    CommandRun run = new CommandRun();

    int status =
        export(
            run,
            "--router",
            "" + router,
            "--policy",
            "top-k=2",
            "--dtype",
            "BFloat16",
            "--max-shard-size",
            "4MB");

    assertThat(status).as(run.err()).isZero();
    assertThat(run.err())
        .contains("5 experts, layout mixtral, BFloat16, 6462720 bytes of weights in 2 files")
        .contains("policy top-k=2");
    assertThat(json("config.json").get("torch_dtype").asText()).isEqualTo("bfloat16");
    assertThat(json("model.safetensors.index.json").at("/metadata/total_size").asLong())
        .isEqualTo(6462720);
    assertThat(directory.resolve("out/model-00002-of-00002.safetensors")).exists();
    assertThat(directory.resolve("out/tokenizer.json")).exists();
  }

  @Test
  void shouldRouteAsTheRoutersVersionSaysUnlessToldOtherwise() throws IOException {
    CommandRun run = new CommandRun();

    int status = export(run, "--router", "" + router, "--policy", "smoothing=0.9");

    assertThat(status).as(run.err()).isZero();
    assertThat(json("config.json").get("model_type").asText()).isEqualTo("dume");
    assertThat(json("config.json").get("routing_smoothing").asDouble()).isEqualTo(0.9);
  }

  @Test
  void shouldRefuseALayoutWithoutAPlaceForThePolicyWithTheRemedy() {
    CommandRun run = new CommandRun();

    int status =
        export(run, "--router", "" + router, "--policy", "above=0.3", "--layout", "mixtral");

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err())
        .contains("which layout mixtral has no place for: give --policy paper, or --layout dume");
    assertThat(directory.resolve("out")).doesNotExist();
  }

  @Test
  void shouldRefuseADirectoryWithSomethingInIt() throws IOException {
    Files.createDirectories(directory.resolve("out/mine"));
    CommandRun run = new CommandRun();

    int status = export(run, "--router", "" + router);

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("not empty: choose another directory");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--layout  | gpt  | layout \"gpt\": use mixtral, qwen2-moe or dume",
        "--dtype   | int8 | --dtype int8: use float32, bfloat16 or float16",
        "--policy  | best | routing policy \"best\"",
        "--version | 3    | one of --router and --version",
        "--max-shard-size | big | 'big' is not a size",
      })
  void shouldTellWrongUsageFromFailure(String option, String value, String message) {
    CommandRun run = new CommandRun();

    int status = export(run, "--router", "" + router, option, value);

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(message);
    assertThat(directory.resolve("out")).doesNotExist();
  }
}
