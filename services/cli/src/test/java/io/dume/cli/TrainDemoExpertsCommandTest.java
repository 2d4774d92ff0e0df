package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.demo.DemoAssets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainDemoExpertsCommandTest {

  @TempDir private Path directory;

  @Test
  void shouldTrainFromABaseAndEndWithTheTable() throws IOException {
    // Given a base that is there: any of the experts will do
    DemoAssets.unpack(directory);
    Path base = DemoAssets.expert(directory, "math");
    Path corpora = smallCorpora();
    Path out = directory.resolve("out");
    CommandRun run = new CommandRun();

    // When
    int status =
        run.execute(
            "train-demo-experts",
            "--out",
            out.toString(),
            "--base",
            base.toString(),
            "--corpora",
            corpora.toString(),
            "--domain",
            "math",
            "--domain",
            "code",
            "--passes",
            "0.2");

    // Then
    assertThat(status).as(run.err()).isZero();
    assertThat(run.err()).contains("math ", "code ", "validation loss", " left");
    assertThat(run.out()).containsPattern("math +3\\.").contains("| text | math | code |");
    assertThat(out.resolve("math/model.safetensors")).exists();
    assertThat(out.resolve("code/model.safetensors")).exists();
    assertThat(out.resolve("base")).doesNotExist();
  }

  @Test
  void shouldStopBetweenSteps() throws IOException {
    DemoAssets.unpack(directory);
    Path out = directory.resolve("out");
    CommandRun run = new CommandRun();
    run.stop().request();

    int status =
        run.execute(
            "train-demo-experts",
            "--out",
            out.toString(),
            "--base",
            DemoAssets.expert(directory, "math").toString(),
            "--corpora",
            smallCorpora().toString(),
            "--domain",
            "math",
            "--passes",
            "0.1");

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err().lines())
        .containsExactly(
            "dume train-demo-experts: stopped in the training of math; what was finished is in "
                + out);
  }

  @Test
  void shouldNotWriteIntoADirectoryThatHoldsSomething() throws IOException {
    Files.writeString(directory.resolve("file"), "");
    CommandRun run = new CommandRun();

    int status = run.execute("train-demo-experts", "--out", directory.toString());

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("--out " + directory + " is not empty");
  }

  @Test
  void shouldRefuseOptionsThatNothingCanBeTrainedWith() {
    String out = directory.resolve("out").toString();
    CommandRun passes = new CommandRun();
    CommandRun tune = new CommandRun();

    assertThat(passes.execute("train-demo-experts", "--out", out, "--passes", "0"))
        .isEqualTo(ExitCode.USAGE);
    assertThat(tune.execute("train-demo-experts", "--out", out, "--tune", "heads"))
        .isEqualTo(ExitCode.USAGE);

    assertThat(passes.err()).contains("expertPasses is 0.0");
    assertThat(tune.err()).contains("'--tune'", "heads");
  }

  private Path smallCorpora() throws IOException {
    Path corpora = directory.resolve("small");
    for (String domain : new String[] {"math", "code"}) {
      Files.createDirectories(corpora.resolve(domain));
      for (DemoAssets.Split split : DemoAssets.Split.values()) {
        Path all = DemoAssets.corpus(directory, domain, split);
        Files.write(
            corpora.resolve(domain).resolve(all.getFileName()),
            Files.readAllLines(all).subList(0, 10));
      }
    }
    return corpora;
  }
}
