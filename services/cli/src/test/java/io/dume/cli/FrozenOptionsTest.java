package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What only another average needs is refused where the backbone stays. */
class FrozenOptionsTest {
  static Stream<List<String>> options() {
    return Stream.of(
        List.of("--context-dim", "32"),
        List.of("--domains", "law"),
        List.of("--label", "mine"),
        List.of("--stay"),
        List.of("--workers", "2"),
        List.of("--from", "earliest"),
        List.of("--expert", "code=models/code"),
        List.of("--flush-interval", "1s"),
        List.of("--gram", "float32"),
        List.of("--model", "merged2"));
  }

  @ParameterizedTest
  @MethodSource("options")
  void shouldRefuseWhatRemovingOnTheFrozenBackboneDoesNotNeed(List<String> options) {
    Stream<String> command = Stream.of("experts", "remove", "law");

    CommandRun run = new CommandRun();

    int status = run.execute(Stream.concat(command, options.stream()).toArray(String[]::new));

    assertThat(status).as(run.err()).isEqualTo(2);
    assertThat(run.err()).contains(options.get(0) + " is for --remerged");
  }
}
