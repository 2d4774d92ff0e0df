package io.dume.schemas.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.dume.schemas.wire.MessageFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class FormatSettingsTest {

  @Test
  void shouldBeSingleObjectUnlessToldOtherwise() {
    assertThat(KafkaSettings.of("a:1").format()).isSameAs(MessageFormat.singleObject());
    assertThat(new KafkaSettings("a:1", Map.of("dume.serde", "single-object")).format())
        .isSameAs(MessageFormat.singleObject());
  }

  @Test
  void shouldNameTheFormatsThereAre() {
    KafkaSettings settings = new KafkaSettings("a:1", Map.of("dume.serde", "json"));

    assertThatIllegalArgumentException()
        .isThrownBy(settings::format)
        .withMessage("dume.serde=json: there is no such format; say one of single-object");
  }

  @Test
  void shouldKeepTheFormatsSettingsFromClients() {
    KafkaSettings settings =
        new KafkaSettings(
            "a:1",
            Map.of(
                "dume.serde", "registry",
                "apicurio.registry.auth.password", "secret",
                "linger.ms", "7"));

    for (Properties client :
        List.of(
            settings.admin(),
            settings.consumer(Map.of()),
            settings.producer(Map.of()),
            settings.streams(Map.of()))) {
      assertThat(client.stringPropertyNames())
          .containsExactlyInAnyOrder("bootstrap.servers", "linger.ms");
    }
    assertThat(settings.toString()).doesNotContain("secret");
  }
}
