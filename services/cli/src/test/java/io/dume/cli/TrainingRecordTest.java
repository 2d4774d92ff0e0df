package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.message.Training;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingRecordTest {

  private static final Training TRAINING = new Training(8L, 1000, 1e-4, 0.01, 3_000_000_000L, -1L);

  @Test
  void shouldReadWhatItWrites() {
    assertThat(TrainingRecord.parse("file", TrainingRecord.json(TRAINING))).isEqualTo(TRAINING);
  }

  @Test
  void shouldBeTheObjectThatFilesHave() {
    assertThat(TrainingRecord.json(TRAINING))
        .isEqualTo(
            "{\"start\":8,\"steps\":1000,\"learning_rate\":1.0E-4,\"balance\":0.01,"
                + "\"tokens\":3000000000,\"seed\":-1}");
  }

  @Test
  void shouldReadWhichGatesTheTrainingBeganWith() {
    String digest = "0123456789abcdefABCDEF".repeat(3).substring(2);
    String text = "{\"start_sha256\":\"" + digest + "\"}";

    assertThat(TrainingRecord.startSha256("file", text)).isEqualTo(digest);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"{\"start\":8}", "{\"start_sha256\":\"ab\"}", "{\"start_sha256\":8}"})
  void shouldSayThatAFileDoesNotNameTheGatesThatItWasTrainedFrom(String text) {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> TrainingRecord.startSha256("trained.safetensors", text))
        .withMessageContaining(
            "trained.safetensors: training among its metadata has no SHA-256 as start_sha256")
        .withMessageContaining("`dume router export`");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"start\":8 | \"start\":\"8\" | no whole number as start",
        "\"steps\":1000 | \"steps\":4000000000 | steps of 4000000000",
        "\"learning_rate\":1.0E-4 | \"rate\":1 | no number as learning_rate",
        "\"seed\":-1} | \"seed\":0.5} | no whole number as seed",
        "{ | [ | is no JSON",
      })
  void shouldNameWhatCannotBeRead(String part, String replacement, String expected) {
    String text = TrainingRecord.json(TRAINING).replace(part, replacement);

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> TrainingRecord.parse("trained.safetensors", text))
        .withMessageContaining("trained.safetensors: training")
        .withMessageContaining(expected)
        .withMessageContaining("dume router train");
  }
}
