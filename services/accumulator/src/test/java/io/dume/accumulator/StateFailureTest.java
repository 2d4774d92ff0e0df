package io.dume.accumulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateFailureTest {
  private static final Path STATE = Path.of("state").toAbsolutePath();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "While appending to file: /s/000012.sst: No space left on device",
        "Disk quota exceeded"
      })
  void shouldNameDirectoryAndRemedyOfAFullDiskInWhateverItIsWrapped(String text) {
    Throwable failure =
        new IllegalStateException("stream", new RuntimeException(new IOException(text)));

    assertThat(StateFailure.of(STATE, failure))
        .hasValueSatisfying(
            message ->
                assertThat(message)
                    .contains(STATE.toString())
                    .contains("full")
                    .contains("free some space")
                    .contains("--state"));
  }

  @Test
  void shouldRecogniseTheFullDiskOfJavasFiles() {
    assertThat(
            StateFailure.of(
                STATE, new FileSystemException("state/x", null, "No space left on device")))
        .isPresent();
  }

  @Test
  void shouldSayNothingOfOtherFailures() {
    assertThat(StateFailure.of(STATE, new IOException("Permission denied"))).isEmpty();
  }
}
