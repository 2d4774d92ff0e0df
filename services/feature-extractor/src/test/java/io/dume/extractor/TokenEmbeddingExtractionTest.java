package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.models.Device;
import io.dume.models.FeatureSource;
import io.dume.models.GramType;
import io.dume.models.MoErge;
import io.dume.models.Safetensors;
import io.dume.schemas.message.Expert;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenEmbeddingExtractionTest {
  private static final int N = 9;
  private static final List<int[]> RECORD = List.of(new int[] {1, 2, 3, 2}, new int[] {9});

  @TempDir Path directory;

  private Path merge() throws IOException {
    Path merged = directory.resolve("merged");
    MoErge.merge(
        List.of(
            MergedModelExtractionTest.expert(directory, "novel"),
            MergedModelExtractionTest.expert(directory, "math")),
        merged,
        MoErge.Options.DEFAULT);
    return merged;
  }

  @Test
  void shouldBeTheSameModelWithOtherFeatures() throws IOException {
    Path merged = merge();
    try (LoadedModel layers =
            LoadedModel.open(FeatureSource.MLP_INPUT, merged, Device.CPU, GramType.FLOAT64);
        LoadedModel tokens =
            LoadedModel.open(FeatureSource.EMBEDDING, merged, Device.CPU, GramType.FLOAT64)) {
      ExtractionModel.Identity there = layers.identity();

      ExtractionModel.Identity here = tokens.identity();

      assertThat(there.features()).isEqualTo(FeatureSource.MLP_INPUT);
      assertThat(here)
          .isEqualTo(
              new ExtractionModel.Identity(
                  FeatureSource.EMBEDDING,
                  there.backbone(),
                  1,
                  there.width(),
                  there.vocabulary(),
                  there.maxPositions(),
                  there.tokenizer(),
                  there.experts(),
                  there.profile()));
    }
  }

  @Test
  void shouldSumTheRowsOfTheEmbeddingWhoeverTheExpertIs() throws IOException {
    Path merged = merge();
    double[] column = new double[N];
    try (Safetensors file = Safetensors.open(merged.resolve("backbone.safetensors"))) {
      float[] matrix = file.readFloats("model.embed_tokens.weight");
      for (int[] sequence : RECORD) {
        for (int id : sequence) {
          for (int i = 0; i < N - 1; i++) {
            column[i] += matrix[id * (N - 1) + i];
          }
          column[N - 1]++;
        }
      }
    }
    try (LoadedModel source =
        LoadedModel.open(FeatureSource.EMBEDDING, merged, Device.CPU, GramType.FLOAT64)) {
      double[] novel = gram(source, "novel");

      double[] math = gram(source, "math");

      assertThat(math).isEqualTo(novel);
      for (int i = 0; i < N; i++) {
        assertThat(Math.abs(novel[i * N + N - 1] - column[i])).isLessThan(1e-12);
      }
      assertThatThrownBy(() -> source.extract("poetry", RECORD))
          .hasMessageContaining("no expert poetry");
    }
  }

  private static double[] gram(LoadedModel source, String expert) {
    double[] gram = new double[N * N];
    try (RecordFeatures features = source.extract(expert, RECORD)) {
      assertThat(features.tokens()).isEqualTo(5);
      assertThat(features.firstNonFiniteLayer()).isEmpty();
      features.gram(0, gram);
      assertThat(features.largestDiagonal(0)).isGreaterThanOrEqualTo(5);
    }
    return gram;
  }

  @Test
  void shouldFollowExpertsThatComeAndSayWhatItCanNotRead() throws IOException {
    Path merged = merge();
    try (LoadedModel source =
        LoadedModel.open(FeatureSource.EMBEDDING, merged, Device.CPU, GramType.FLOAT64)) {
      assertThat(source.refresh()).isFalse();
      MoErge.add(merged, List.of(MergedModelExtractionTest.expert(directory, "law")));

      assertThat(source.refresh()).isTrue();

      assertThat(source.identity().experts())
          .extracting(Expert::getName)
          .containsExactly("novel", "math", "law");
      Files.writeString(merged.resolve("dume.json"), "{}");
      assertThatThrownBy(source::refresh)
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("dume.json");
      assertThat(source.identity().experts()).hasSize(3);
    }
  }
}
