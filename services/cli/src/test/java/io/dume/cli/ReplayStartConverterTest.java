package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.extractor.FitProposal;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ReplayStartConverterTest {

  @Test
  void shouldTakeTheEarliestATimeOrOffsets() {
    assertThat(ReplayStartConverter.parse("earliest")).isEqualTo(new FitProposal.Start.Beginning());
    assertThat(ReplayStartConverter.parse("2026-03-01T00:00:00Z"))
        .isEqualTo(new FitProposal.Start.Since(Instant.parse("2026-03-01T00:00:00Z")));
    assertThat(ReplayStartConverter.parse("0:1200,3:9"))
        .isEqualTo(new FitProposal.Start.At(Map.of(0, 1200L, 3, 9L)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "0:", "0:1,0:2", "-1:5", "2026-03-01T00:00", "yesterday"})
  void shouldSayHowAStartIsWritten(String text) {
    assertThatExceptionOfType(TypeConversionException.class)
        .isThrownBy(() -> ReplayStartConverter.parse(text))
        .withMessageContaining("2026-03-01T00:00:00Z");
  }
}
