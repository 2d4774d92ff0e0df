package io.dume.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddedBrokerConfigTest {

  private static final EmbeddedBrokerConfig DEFAULTS = EmbeddedBrokerConfig.in(Path.of("data"));

  @Test
  void shouldListenOnLoopbackAndAFreePortByDefault() {
    assertThat(DEFAULTS)
        .isEqualTo(
            new EmbeddedBrokerConfig(Path.of("data"), "127.0.0.1", 0, Map.of(), Optional.empty()));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65_536})
  void shouldRefuseAPortThatDoesNotExist(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.withPort(port))
        .withMessageContaining("port is " + port)
        .withMessageContaining("1 to 65535");
  }

  @Test
  void shouldRefuseABlankHost() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.withHost(" "))
        .withMessageContaining("host");
  }

  @ParameterizedTest
  @ValueSource(strings = {"listeners", "log.dirs", "node.id", "controller.quorum.voters"})
  void shouldRefuseAPropertyThatItSetsItself(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.withBrokerProperty(name, "x"))
        .withMessageContaining(name);
  }

  @Test
  void shouldKeepItsOwnCopyOfTheProperties() {
    Map<String, String> properties = new HashMap<>(Map.of("num.io.threads", "2"));
    EmbeddedBrokerConfig config = DEFAULTS.withBrokerProperties(properties);

    properties.put("num.io.threads", "3");

    assertThat(config.brokerProperties()).containsExactly(Map.entry("num.io.threads", "2"));
  }

  @Test
  void shouldLetALaterPropertyReplaceAnEarlierOne() {
    EmbeddedBrokerConfig config =
        DEFAULTS
            .withBrokerProperty("num.io.threads", "2")
            .withBrokerProperty("num.io.threads", "3");

    assertThat(config.brokerProperties()).containsExactly(Map.entry("num.io.threads", "3"));
  }

  @Test
  void shouldRefuseAPropertyThatWouldOpenASecureBroker() {
    EmbeddedBrokerConfig secure = DEFAULTS.withSecurity(security(Map.of("admin", "secret")));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> secure.withBrokerProperty("super.users", "User:everybody"))
        .withMessageContaining("super.users");
  }

  @Test
  void shouldRefuseASuperUserWithoutAPassword() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> security(Map.of("other", "secret")))
        .withMessageContaining("[admin]");
  }

  @Test
  void shouldShowNoPassword() {
    EmbeddedBrokerConfig secure = DEFAULTS.withSecurity(security(Map.of("admin", "hush-user")));

    assertThat(secure.toString()).contains("admin").doesNotContain("hush");
  }

  private static BrokerSecurity security(Map<String, String> users) {
    return new BrokerSecurity(Path.of("key.p12"), "hush-key", users, Set.of("admin"));
  }
}
