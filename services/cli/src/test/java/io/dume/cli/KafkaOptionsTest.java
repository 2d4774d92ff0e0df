package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

class KafkaOptionsTest {

  @Test
  void shouldReachALocalBrokerByDefault() throws Exception {
    KafkaOptions options = parse();

    assertThat(options.settings().bootstrapServers()).isEqualTo("127.0.0.1:9092");
    assertThat(options.topics().prefix()).isEqualTo("dume.");
  }

  @Test
  void shouldPassSettingsToTheClientsTheyAreFor() throws Exception {
    KafkaOptions options =
        parse(
            "--bootstrap-servers=a:1,b:2",
            "--kafka-config=security.protocol=SSL",
            "--kafka-config=consumer.max.poll.records=7",
            "--kafka-config=topic.retention.ms=1000");

    Properties consumer = options.settings().consumer(Map.of());

    assertThat(consumer)
        .containsEntry("bootstrap.servers", "a:1,b:2")
        .containsEntry("security.protocol", "SSL")
        .containsEntry("max.poll.records", "7")
        .hasSize(3);
    assertThat(options.settings().topic()).containsOnly(Map.entry("retention.ms", "1000"));
  }

  @Test
  void shouldPreferASettingOfTheCommandLineToTheFile(@TempDir Path directory) throws Exception {
    Path file =
        Files.writeString(directory.resolve("kafka.properties"), "client.id=file\nlinger.ms: 5\n");

    KafkaOptions options =
        parse("--kafka-config-file=" + file, "--kafka-config=client.id=command-line");

    assertThat(options.settings().settings())
        .containsExactlyInAnyOrderEntriesOf(Map.of("client.id", "command-line", "linger.ms", "5"));
  }

  @Test
  void shouldRefuseAFileThatDoesNotExist() {
    KafkaOptions options = parse("--kafka-config-file=missing.properties");

    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(options::settings)
        .withMessageContaining("missing.properties");
  }

  @Test
  void shouldRefuseAFileThatHoldsNoProperties(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("kafka.properties"), "a=\\u12");
    KafkaOptions options = parse("--kafka-config-file=" + file);

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(options::settings)
        .withMessageContaining("--kafka-config-file " + file);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sasl.jaas.config",
        "consumer.sasl.jaas.config",
        "streams.main.consumer.ssl.key.password",
        "ssl.truststore.password",
        "plugin.client.secret"
      })
  void shouldRefuseASecretOnTheCommandLine(String key) {
    KafkaOptions options = parse("--kafka-config=" + key + "=hush");

    assertThatExceptionOfType(ParameterException.class)
        .isThrownBy(options::settings)
        .withMessageContaining(key)
        .withMessageContaining("--kafka-config-file")
        .withMessageNotContaining("hush");
  }

  @Test
  void shouldTakeAReferenceToASecret() throws Exception {
    KafkaOptions options = parse("--kafka-config=ssl.key.password=${file:/run/key:password}");

    assertThat(options.settings().settings()).containsKey("ssl.key.password");
  }

  @Test
  void shouldTakeASecretFromAFile(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("kafka.properties"), "ssl.key.password=hush");

    KafkaOptions options = parse("--kafka-config-file=" + file);

    assertThat(options.settings().settings()).containsEntry("ssl.key.password", "hush");
  }

  @Test
  void shouldWarnOfASecretThatEverybodyMayRead(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("kafka.properties"), "ssl.key.password=hush");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

    List<String> warnings = warnings(parse("--kafka-config-file=" + file));

    assertThat(warnings)
        .singleElement()
        .satisfies(
            warning ->
                assertThat(warning)
                    .contains("ssl.key.password", "chmod o-r " + file)
                    .doesNotContain("hush"));
  }

  @Test
  void shouldNotWarnOfASecretThatIsTheOwnersAlone(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("kafka.properties"), "ssl.key.password=hush");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));

    List<String> warnings = warnings(parse("--kafka-config-file=" + file));

    assertThat(warnings).isEmpty();
  }

  private static List<String> warnings(KafkaOptions options) throws IOException {
    Logger logger = (Logger) LoggerFactory.getLogger(ClientOptions.class);
    ListAppender<ILoggingEvent> appender = new ListAppender<>();
    appender.start();
    logger.addAppender(appender);
    try {
      options.settings();
    } finally {
      logger.detachAppender(appender);
    }
    return appender.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  private static KafkaOptions parse(String... arguments) {
    Sample sample = new Sample();
    new CommandLine(sample).parseArgs(arguments);
    return sample.kafka;
  }

  @Command(name = "sample")
  private static final class Sample {
    @Mixin private KafkaOptions kafka = new KafkaOptions();
  }
}
