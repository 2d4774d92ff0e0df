package io.dume.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import io.dume.demo.ModelFiles.Weights;
import io.dume.models.Checkpoint;
import io.dume.models.Device;
import io.dume.models.TensorType;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoAssetsTest {

  private static final long MOST_BYTES = 16_000_000;
  private static final int DOCUMENTS_A_DOMAIN = 6;

  @TempDir private static Path directory;

  @BeforeAll
  static void unpack() throws IOException {
    DemoAssets.unpack(directory);
  }

  @Test
  void shouldBringFiveExpertsOfOneFamily() throws IOException {
    for (String domain : DemoAssets.DOMAINS) {
      try (Checkpoint expert = Checkpoint.open(DemoAssets.expert(directory, domain));
          Tokenizer tokenizer = Tokenizer.load(DemoAssets.expert(directory, domain))) {
        assertThat(expert.config().vocabSize()).isEqualTo(tokenizer.vocabSize()).isEqualTo(2048);
        assertThat(expert.config().eosTokenIds()).containsExactly(0);
        assertThat(expert.config().bosTokenId()).isEmpty();
        assertThat(expert.config().maxPositionEmbeddings()).isEqualTo(DemoAssets.CONTEXT_DIM);
        assertThat(expert.spec("model.norm.weight").type()).isEqualTo(TensorType.F16);
      }
    }
  }

  @Test
  void shouldBringExpertsThatDifferInTheirMlpsAlone() throws IOException {
    Weights first = ModelFiles.read(DemoAssets.expert(directory, DemoAssets.DOMAINS.get(0)));
    for (String domain : DemoAssets.DOMAINS.subList(1, DemoAssets.DOMAINS.size())) {
      Weights other = ModelFiles.read(DemoAssets.expert(directory, domain));

      first
          .values()
          .forEach(
              (name, values) ->
                  assertThat(Arrays.equals(values, other.values().get(name)))
                      .as("%s of %s is the base's", name, domain)
                      .isEqualTo(!name.contains(".mlp.")));
    }
  }

  @Test
  void shouldBringExpertsThatAreEachTheBestOnTheirOwnDomain() throws IOException {
    List<Document> documents = new ArrayList<>();
    for (String domain : DemoAssets.DOMAINS) {
      try (Stream<Document> test = DemoAssets.documents(domain, Split.TEST)) {
        test.limit(DOCUMENTS_A_DOMAIN).forEach(documents::add);
      }
    }

    ExpertTable table =
        ExpertTable.measure(
            directory.resolve("experts"),
            DemoAssets.DOMAINS,
            documents,
            DemoAssets.CONTEXT_DIM,
            Device.CPU);

    assertThat(DemoAssets.DOMAINS).allMatch(domain -> table.best(domain).equals(domain));
  }

  @Test
  void shouldBringExpertsThatAreSmall() throws IOException {
    long bytes = 0;
    for (String domain : DemoAssets.DOMAINS) {
      try (Stream<Path> files = Files.list(DemoAssets.expert(directory, domain))) {
        bytes += files.mapToLong(file -> file.toFile().length()).sum();
      }
    }

    assertThat(bytes).isBetween(1L, MOST_BYTES);
  }

  @Test
  void shouldLeaveAloneWhatIsUnpackedAndRepairWhatIsNot(@TempDir Path place) throws IOException {
    DemoAssets.unpack(place);
    Path kept = DemoAssets.expert(place, "code").resolve("config.json");
    Path cut = DemoAssets.expert(place, "math").resolve("config.json");
    Object before = Files.getLastModifiedTime(kept);
    String whole = Files.readString(cut);
    Files.writeString(cut, "{");

    DemoAssets.unpack(place);

    assertThat(cut).hasContent(whole);
    assertThat(Files.getLastModifiedTime(kept)).isEqualTo(before);
  }

  @Test
  void shouldKeepTheSplitsApart() throws IOException {
    for (String domain : DemoAssets.DOMAINS) {
      List<String> ids = new ArrayList<>();
      for (Split split : Split.values()) {
        assertThat(DemoAssets.corpus(directory, domain, split)).isNotEmptyFile();
        try (Stream<Document> documents = DemoAssets.documents(domain, split)) {
          List<Document> all = documents.toList();
          assertThat(all).allMatch(document -> document.domain().equals(domain));
          all.forEach(document -> ids.add(document.id()));
        }
      }
      assertThat(ids).as(domain).doesNotHaveDuplicates();
    }
  }

  @Test
  void shouldNameTheDomainsWhenAskedForAnother() {
    assertThatThrownBy(() -> DemoAssets.documents("law", Split.TEST))
        .hasMessageContaining("no domain law")
        .hasMessageContaining("scripture");
  }
}
