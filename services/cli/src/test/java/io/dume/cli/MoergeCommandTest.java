package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.models.MergedManifest;
import io.dume.models.Safetensors;
import io.dume.models.TensorType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MoergeCommandTest {

  @TempDir Path directory;
  private Path math;
  private Path code;
  private Path out;

  @BeforeEach
  void writeExperts() throws Exception {
    math = TinyExpert.write(directory.resolve("math"), 1);
    code = TinyExpert.write(directory.resolve("code"), 2);
    out = directory.resolve("merged");
  }

  @Test
  void shouldMergeExpertsInTheOrderGiven() throws Exception {
    CommandRun run = new CommandRun();

    int status =
        run.execute(
            "moerge", "--expert", "math=" + math, "--expert", "code=" + code, "--out", "" + out);

    assertThat(status).as(run.err()).isZero();
    MergedManifest manifest = MergedManifest.read(out);
    assertThat(manifest.expertNames()).containsExactly("math", "code");
    assertThat(run.out())
        .contains(manifest.backboneFingerprint())
        .containsSubsequence("math", manifest.experts().get(0).fingerprint(), "code");
    assertThat(run.err()).contains("merged 2 experts into " + out);
  }

  @Test
  void shouldTakeTheExpertsFromTheEnvironment() throws Exception {
    CommandRun run =
        new CommandRun(
            Map.of("DUME_EXPERT", "code=" + code + ";math=" + math, "DUME_OUT", out.toString()));

    int status = run.execute("moerge");

    assertThat(status).as(run.err()).isZero();
    assertThat(MergedManifest.read(out).expertNames()).containsExactly("code", "math");
  }

  @Test
  void shouldWriteTheAveragesInTheTypeAskedFor() throws Exception {
    CommandRun run = new CommandRun();

    int status =
        run.execute("moerge", "--expert", "math=" + math, "--out", "" + out, "--dtype", "bf16");

    assertThat(status).as(run.err()).isZero();
    try (Safetensors backbone = Safetensors.open(out.resolve("backbone.safetensors"))) {
      assertThat(backbone.spec("model.norm.weight").type()).isEqualTo(TensorType.BF16);
    }
  }

  @Test
  void shouldKeepAModelThatIsThereUnlessForced() throws Exception {
    String[] arguments = {"moerge", "--expert", "math=" + math, "--out", out.toString()};
    assertThat(new CommandRun().execute(arguments)).isZero();
    CommandRun again = new CommandRun();

    int status = again.execute(arguments);

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(again.err()).contains(out.toString());
    assertThat(new CommandRun(Map.of("DUME_FORCE", "true")).execute(arguments)).isZero();
  }

  @Test
  void shouldNameTheFileThatIsMissing() throws Exception {
    Files.delete(code.resolve("model.safetensors"));
    CommandRun run = new CommandRun();

    int status = run.execute("moerge", "--expert", "code=" + code, "--out", "" + out);

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).contains("model.safetensors");
    assertThat(out).doesNotExist();
  }

  @Test
  void shouldRefuseAnExpertWithoutADirectory() {
    CommandRun run = new CommandRun();

    int status = run.execute("moerge", "--expert", "math", "--out", "" + out);

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("'--expert'", "NAME=DIR");
  }

  @Test
  void shouldRefuseATypeThatAveragesCannotHave() {
    CommandRun run = new CommandRun();

    int status =
        run.execute("moerge", "--expert", "math=" + math, "--out", "" + out, "--dtype", "i64");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("I64", "F32, F16 or BF16");
  }

  @Test
  void shouldAddInPlaceAndTellHowFarTheRestIs() throws Exception {
    merge();
    String backbone = MergedManifest.read(out).backboneFingerprint();
    Path law = TinyExpert.write(directory.resolve("law"), 3);
    CommandRun run = new CommandRun();

    int status = run.execute("moerge", "--add", "law=" + law, "--into", "" + out);

    assertThat(status).as(run.err()).isZero();
    MergedManifest manifest = MergedManifest.read(out);
    assertThat(manifest.expertNames()).containsExactly("math", "code", "law");
    assertThat(manifest.backboneFingerprint()).isEqualTo(backbone);
    assertThat(run.out())
        .containsPattern("law +[01]\\.\\d+ \\(model\\.layers\\.\\d\\.self_attn")
        .contains(backbone, manifest.experts().get(2).fingerprint());
    assertThat(run.err()).contains("3 experts in " + out);
  }

  @Test
  void shouldMakeANewDirectoryFromABase() throws Exception {
    merge();
    Path law = TinyExpert.write(directory.resolve("law"), 3);
    Path more = directory.resolve("more");
    Path fewer = directory.resolve("fewer");
    String[] add = {"moerge", "--add", "law=" + law, "--base", "" + out, "--out", "" + more};
    String[] remove = {"moerge", "--remove", "math", "--base", "" + more, "--out", "" + fewer};

    assertThat(new CommandRun().execute(add)).isZero();
    assertThat(new CommandRun().execute(remove)).isZero();

    assertThat(MergedManifest.read(out).expertNames()).containsExactly("math", "code");
    assertThat(MergedManifest.read(more).expertNames()).containsExactly("math", "code", "law");
    assertThat(MergedManifest.read(fewer).expertNames()).containsExactly("code", "law");
  }

  @Test
  void shouldRemoveInPlace() throws Exception {
    merge();
    CommandRun run = new CommandRun(Map.of("DUME_REMOVE", "math", "DUME_INTO", out.toString()));

    int status = run.execute("moerge");

    assertThat(status).as(run.err()).isZero();
    assertThat(MergedManifest.read(out).expertNames()).containsExactly("code");
    assertThat(run.out()).doesNotContain("joined");
  }

  @Test
  void shouldRefuseToAddANameThatIsTaken() throws Exception {
    merge();
    CommandRun run = new CommandRun();

    int status = run.execute("moerge", "--add", "code=" + math, "--into", "" + out);

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).contains("expert code", "choose another name");
  }

  @ParameterizedTest
  @CsvSource({
    "'', say what to do",
    "--out x, say what to do",
    "--expert a=b, --out DIR is missing",
    "--expert a=b --out x --into y, --into and --base are for",
    "--add a=b, say where",
    "--add a=b --into x --out y, say where",
    "--add a=b --into x --force, say where",
    "--add a=b --base x, say where",
    "--add a=b --remove c --into x, say what to do",
    "--remove a --into x --dtype f16, --dtype is of averages",
  })
  void shouldSayWhichFlagsDoNotGoTogether(String flags, String message) {
    CommandRun run = new CommandRun();

    int status = run.execute(("moerge " + flags).strip().split(" "));

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(message);
  }

  private void merge() {
    int status =
        new CommandRun()
            .execute(
                "moerge",
                "--expert",
                "math=" + math,
                "--expert",
                "code=" + code,
                "--out",
                "" + out);
    assertThat(status).isZero();
  }
}
