package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HealthCommandTest {

  /** Nothing listens on the port that is reserved for services' own lookup. */
  private static final String NOBODY = "127.0.0.1:1";

  @ParameterizedTest
  @ValueSource(strings = {"feature-extractor", "accumulator"})
  void shouldAskForTheNameOfAServiceThatHasOne(String service) {
    CommandRun run = new CommandRun();

    int status = run.execute("health", service, "--bootstrap-servers", NOBODY);

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("health " + service + " needs --instance NAME");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cluster", "feature-extractor", "accumulator", "solver"})
  void shouldBeUnwellWhileTheClusterDoesNotAnswer(String service) {
    CommandRun run = new CommandRun();

    int status =
        run.execute(
            "health",
            service,
            "--instance",
            "a",
            "--bootstrap-servers",
            NOBODY,
            "--timeout",
            "300ms");

    assertThat(status).isEqualTo(ExitCode.FAILURE);
    assertThat(run.err()).contains("the cluster did not answer");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void shouldSayWhatItCanBeAskedAbout() {
    CommandRun run = new CommandRun();

    int status = run.execute("health", "weather");

    assertThat(status).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("weather").contains("feature-extractor");
  }
}
