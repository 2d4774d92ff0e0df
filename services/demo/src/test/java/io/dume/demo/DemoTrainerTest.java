package io.dume.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import io.dume.demo.ModelFiles.Weights;
import io.dume.demo.TrainingOptions.Sizes;
import io.dume.demo.TrainingOptions.Tune;
import io.dume.models.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTrainerTest {

  private static final List<String> TWO = List.of("code", "scripture");

  @TempDir private Path directory;
  private TrainingOptions options;

  @BeforeEach
  void writeALittleText() throws IOException {
    for (String domain : TWO) {
      for (Split split : List.of(Split.TRAIN, Split.VALIDATION)) {
        write(domain, split);
      }
    }
    options =
        TrainingOptions.shipped(directory.resolve("experts"))
            .withCorpora(directory.resolve("corpora"), TWO)
            .withSizes(new Sizes(300, 16, 2, 2, 24), 32, 8)
            .withPasses(1, 1);
  }

  @Test
  void shouldWriteExpertsThatDifferInTheirMlpsAlone() throws IOException {
    DemoTrainer.run(options, progress -> {});

    Weights code = ModelFiles.read(options.out().resolve("code"));
    Weights scripture = ModelFiles.read(options.out().resolve("scripture"));
    assertThat(differing(code, scripture)).hasSize(6).allMatch(name -> name.contains(".mlp."));
    assertThat(ModelConfig.read(options.out().resolve("code/config.json")).maxPositionEmbeddings())
        .isEqualTo(options.context());
    assertThat(options.out().resolve("code/tokenizer.json"))
        .hasSameBinaryContentAs(options.out().resolve("base/tokenizer.json"));
  }

  @Test
  void shouldBeginFromABaseThatIsThere() throws IOException {
    DemoTrainer.run(options, progress -> {});
    Path elsewhere = directory.resolve("again");
    TrainingOptions again = options.withOut(elsewhere).withBase(options.out().resolve("base"));

    DemoTrainer.run(again, progress -> {});

    assertThat(elsewhere.resolve("base")).doesNotExist();
    for (String domain : TWO) {
      assertThat(elsewhere.resolve(domain).resolve("model.safetensors"))
          .hasSameBinaryContentAs(options.out().resolve(domain).resolve("model.safetensors"));
    }
  }

  @Test
  void shouldTuneEveryWeightWhenAskedTo() throws IOException {
    DemoTrainer.run(options.withTune(Tune.ALL), progress -> {});

    Weights code = ModelFiles.read(options.out().resolve("code"));
    Weights scripture = ModelFiles.read(options.out().resolve("scripture"));
    assertThat(differing(code, scripture)).containsExactlyElementsOf(code.values().keySet());
  }

  @Test
  void shouldTellHowFarItIs() throws IOException {
    List<TrainingProgress> heard = new ArrayList<>();

    TrainingReport report = DemoTrainer.run(options, heard::add);

    assertThat(heard)
        .extracting(TrainingProgress::stage)
        .containsSubsequence("base", "code", "scripture");
    TrainingProgress last = heard.get(heard.size() - 1);
    assertThat(last.step()).isEqualTo(last.steps());
    assertThat(last.left()).isZero();
    assertThat(last.toString()).contains("scripture", "loss", "tokens/s", "0:00 left");
    assertThat(report.validationLosses()).containsOnlyKeys("base", "code", "scripture");
    assertThat(report.validationLosses().get("base")).isBetween(1.0, Math.log(300));
  }

  @Test
  void shouldRefuseAVocabularyThatTheTextCannotFill() {
    TrainingOptions greedy = options.withSizes(new Sizes(60_000, 16, 2, 2, 24), 32, 8);

    assertThatThrownBy(() -> DemoTrainer.run(greedy, progress -> {}))
        .hasMessageContaining("vocabulary is 60000")
        .hasMessageContaining("ask for fewer");
  }

  private static List<String> differing(Weights one, Weights other) {
    return one.values().keySet().stream()
        .filter(name -> !java.util.Arrays.equals(one.values().get(name), other.values().get(name)))
        .toList();
  }

  private void write(String domain, Split split) throws IOException {
    Path file = directory.resolve("corpora").resolve(domain).resolve(split.fileName());
    Files.createDirectories(file.getParent());
    ObjectMapper json = new ObjectMapper();
    List<String> lines = new ArrayList<>();
    try (Stream<Document> documents = DemoAssets.documents(domain, split)) {
      for (Document document : documents.limit(8).toList()) {
        ObjectNode node = json.createObjectNode();
        node.put("domain", document.domain()).put("id", document.id()).put("text", document.text());
        lines.add(node.toString());
      }
    }
    Files.write(file, lines);
  }
}
