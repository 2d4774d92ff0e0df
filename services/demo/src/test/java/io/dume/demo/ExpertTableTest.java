package io.dume.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dume.demo.DemoAssets.Document;
import io.dume.demo.ModelFiles.Weights;
import io.dume.demo.TrainingOptions.Sizes;
import io.dume.models.Device;
import io.dume.models.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExpertTableTest {

  private static final Sizes SIZES = new Sizes(257, 8, 1, 1, 8);
  private static final List<Document> TEXT =
      List.of(new Document("vowels", "1", "a".repeat(50)), new Document("none", "1", "b"));

  @TempDir private Path directory;

  @Test
  void shouldGiveAModelThatKnowsNothingTheSizeOfItsVocabulary() throws IOException {
    write("nothing", 'a', 0);

    ExpertTable table = ExpertTable.measure(directory, List.of("nothing"), TEXT, 16, Device.CPU);

    assertThat(table.perplexities().get("vowels").get("nothing")).isCloseTo(257, within(1e-3));
    assertThat(table.perplexities().get("none").get("nothing")).isCloseTo(257, within(1e-3));
  }

  @Test
  void shouldFindTheExpertThatIsBest() throws IOException {
    write("nothing", 'a', 0);
    write("letter", 'a', 3);

    ExpertTable table =
        ExpertTable.measure(directory, List.of("nothing", "letter"), TEXT, 16, Device.CPU);

    assertThat(table.best("vowels")).isEqualTo("letter");
    assertThat(table.toMarkdown())
        .startsWith("| text | nothing | letter |\n|---|---:|---:|\n| vowels | 257.00 | **");
  }

  /** A model whose residual stream is the embedding alone and likes one byte after itself. */
  private void write(String name, char liked, float strength) throws IOException {
    Map<String, float[]> values = new LinkedHashMap<>();
    TrainableLlama.shapes(SIZES)
        .forEach((weight, shape) -> values.put(weight, new float[(int) shape.size()]));
    Arrays.fill(values.get("model.norm.weight"), 1);
    int row = BytePairEncoding.FIRST_BYTE_ID + liked;
    Arrays.fill(
        values.get("model.embed_tokens.weight"),
        row * SIZES.hidden(),
        (row + 1) * SIZES.hidden(),
        strength);
    Path tokenizer = directory.resolve("tokenizer");
    Files.createDirectories(tokenizer);
    TokenizerFiles.write(new BytePairEncoding(List.of()), 64, tokenizer);
    ModelFiles.write(
        directory.resolve(name), new Weights(SIZES, values), TensorType.F32, 64, tokenizer);
  }
}
