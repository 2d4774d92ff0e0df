package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

class EnvironmentDefaultsTest {

  private final Sample sample = new Sample();

  @Test
  void shouldTakeAnOptionFromTheEnvironment() {
    parse(Map.of("DUME_OUT_FILE", "a.txt"), "sample");

    assertThat(sample.out).isEqualTo(Path.of("a.txt"));
  }

  @Test
  void shouldPreferTheCommandLine() {
    parse(Map.of("DUME_OUT_FILE", "a.txt"), "sample", "--out-file", "b.txt");

    assertThat(sample.out).isEqualTo(Path.of("b.txt"));
  }

  @Test
  void shouldPreferTheVariableOfTheCommandAlone() {
    parse(Map.of("DUME_OUT_FILE", "a.txt", "DUME_SAMPLE_OUT_FILE", "c.txt"), "sample");

    assertThat(sample.out).isEqualTo(Path.of("c.txt"));
  }

  @Test
  void shouldPreferTheEnvironmentToTheDefault() {
    parse(Map.of("DUME_OUT_FILE", "a.txt", "DUME_WAIT", "5m"), "sample");

    assertThat(sample.wait).isEqualTo(Duration.ofMinutes(5));
  }

  @Test
  void shouldTakeAnEmptyVariableAsNotSet() {
    parse(Map.of("DUME_OUT_FILE", "a.txt", "DUME_WAIT", ""), "sample");

    assertThat(sample.wait).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void shouldTurnASwitchOn() {
    parse(Map.of("DUME_OUT_FILE", "a.txt", "DUME_FORCE", "true"), "sample");

    assertThat(sample.force).isTrue();
  }

  @Test
  void shouldLeaveASwitchOff() {
    parse(Map.of("DUME_OUT_FILE", "a.txt", "DUME_FORCE", "false"), "sample");

    assertThat(sample.force).isFalse();
  }

  @Test
  void shouldSplitSeveralValues() {
    parse(Map.of("DUME_OUT_FILE", "a.txt", "DUME_EXPERT", "x=dir/x;y=dir y"), "sample");

    assertThat(sample.experts)
        .containsExactly(
            new NamedDirectory("x", Path.of("dir/x")), new NamedDirectory("y", Path.of("dir y")));
  }

  @Test
  void shouldKeepCommasOfAValue() throws Exception {
    parse(Map.of("DUME_OUT_FILE", "a.txt", "DUME_KAFKA_CONFIG", "a=1,2;consumer.b=x=y"), "sample");

    assertThat(sample.kafka.settings().settings())
        .containsExactlyInAnyOrderEntriesOf(Map.of("a", "1,2", "consumer.b", "x=y"));
  }

  private void parse(Map<String, String> environment, String... arguments) {
    new CommandLine(new Root())
        .addSubcommand(sample)
        .registerConverter(Duration.class, new DurationConverter())
        .registerConverter(NamedDirectory.class, NamedDirectory::parse)
        .setDefaultValueProvider(new EnvironmentDefaults(environment))
        .parseArgs(arguments);
  }

  @Command(name = "dume")
  private static final class Root {}

  @Command(name = "sample")
  private static final class Sample {
    @Option(names = "--out-file", required = true)
    private Path out;

    @Option(names = "--wait", defaultValue = "10s")
    private Duration wait;

    @Option(names = "--force")
    private boolean force;

    @Option(names = "--expert", split = EnvironmentDefaults.SPLIT)
    private List<NamedDirectory> experts = List.of();

    @Mixin private KafkaOptions kafka = new KafkaOptions();
  }
}
