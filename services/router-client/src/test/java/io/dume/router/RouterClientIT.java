package io.dume.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class RouterClientIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Duration NOTHING = Duration.ofMillis(700);

  private static EmbeddedBroker broker;
  private static int installations;
  private RouterVersionsTopic topic;

  @BeforeAll
  static void startBroker(@TempDir Path directory) {
    broker = EmbeddedBroker.start(EmbeddedBrokerConfig.in(directory));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void createTopic() throws InterruptedException {
    topic = new RouterVersionsTopic(broker.bootstrapServers(), "r" + ++installations + ".");
  }

  @AfterEach
  void closePublisher() {
    topic.close();
  }

  private RouterSubscription subscribe() {
    return RouterSubscription.open(topic.kafka, topic.topics, "demo");
  }

  private RouterHistory history() {
    return RouterHistory.open(topic.kafka, topic.topics, "demo");
  }

  private static List<Long> take(RouterSubscription subscription, int count) {
    List<Long> versions = new ArrayList<>();
    while (versions.size() < count) {
      versions.add(subscription.next(SOON).orElseThrow().version());
    }
    return versions;
  }

  private static byte[] refusal(long cut, String reason) {
    return Wire.encode(new CutRefused("demo", cut, Ids.random(), List.of(), reason, Instant.EPOCH));
  }

  @Test
  void shouldStartWithTheNewestVersionAndThenGiveEachNewOne() {
    topic.publish("demo", 3, 1, 2, 3);
    try (RouterSubscription subscription = subscribe()) {
      List<Long> atStart = take(subscription, 1);

      topic.publish("demo", 1, 4, 5);

      assertThat(atStart).containsExactly(3L);
      assertThat(take(subscription, 2)).containsExactly(4L, 5L);
      assertThat(subscription.next(NOTHING)).isEmpty();
      assertThat(subscription.skipped()).isZero();
    }
  }

  @Test
  void shouldWaitForTheFirstVersionWhereThereIsNone() {
    try (RouterSubscription subscription = subscribe()) {
      Optional<Router> before = subscription.next(NOTHING);

      topic.publish("demo", 2, 1);

      assertThat(before).isEmpty();
      assertThat(take(subscription, 1)).containsExactly(1L);
    }
  }

  @Test
  void shouldFindTheNewestVersionBehindManyOtherRecords() {
    topic.publish("demo", 9, 1, 2);
    topic.publish("other", 1, LongStream.rangeClosed(1, 40).toArray());
    topic.publish(List.of(new byte[] {1, 2, 3}, refusal(7, "no tokens yet")));

    try (RouterSubscription subscription = subscribe()) {
      assertThat(take(subscription, 1)).containsExactly(2L);
      assertThat(subscription.skipped()).isEqualTo(1);
    }
  }

  @Test
  void shouldNeverDeliverAnOlderVersion() {
    topic.publish("demo", 1, 5);
    try (RouterSubscription subscription = subscribe()) {
      take(subscription, 1);

      topic.publish("demo", 1, 3, 5, 6);

      assertThat(take(subscription, 1)).containsExactly(6L);
      assertThat(subscription.skipped()).isEqualTo(2);
    }
  }

  @Test
  void shouldNeverDeliverWhatIsNotWholeOrNotVerifiedOrNotCommitted() {
    List<byte[]> incomplete = Versions.messages("demo", 2, 3);
    incomplete.remove(1);
    List<byte[]> exchanged = Versions.messages("demo", 3, 1);
    exchanged.set(0, Versions.part("demo", 3, 0, 1, Versions.weights(99)));
    topic.publish("demo", 1, 1);
    try (RouterSubscription subscription = subscribe()) {
      take(subscription, 1);

      topic.publish(incomplete);
      topic.publish(exchanged);
      topic.abort(Versions.messages("demo", 4, 1));
      topic.publish(List.of("garbage".getBytes(StandardCharsets.UTF_8)));
      topic.publish("demo", 1, 5);

      assertThat(take(subscription, 1)).containsExactly(5L);
      assertThat(subscription.skipped()).isEqualTo(3);
    }
  }

  @Test
  void shouldStartWithTheNewestWholeVersionWhereTheLastIsBroken() {
    List<byte[]> incomplete = Versions.messages("demo", 2, 3);
    incomplete.remove(0);
    topic.publish("demo", 2, 1);
    topic.publish(incomplete);

    try (RouterSubscription subscription = subscribe()) {
      assertThat(take(subscription, 1)).containsExactly(1L);
      assertThat(subscription.skipped()).isEqualTo(1);
    }
  }

  @Test
  void shouldHandVersionsToAnActionUntilClosedByAnotherThread() throws Exception {
    topic.publish("demo", 1, 1);
    List<Long> seen = new CopyOnWriteArrayList<>();
    RouterSubscription subscription = subscribe();
    CompletableFuture<Void> loop =
        CompletableFuture.runAsync(
            () -> subscription.forEach(router -> seen.add(router.version())));
    topic.publish("demo", 1, 2);
    await().atMost(SOON).until(() -> seen.size() == 2);

    subscription.close();

    loop.get(10, TimeUnit.SECONDS);
    assertThat(seen).containsExactly(1L, 2L);
  }

  @Test
  void shouldEndAWaitWhenClosedAndRefuseAnother() throws Exception {
    RouterSubscription subscription = subscribe();
    CompletableFuture<Optional<Router>> waiting =
        CompletableFuture.supplyAsync(() -> subscription.next(Duration.ofMinutes(5)));

    subscription.close();
    subscription.close();

    assertThat(
            waiting
                .handle((router, failure) -> failure == null ? router : Optional.empty())
                .get(10, TimeUnit.SECONDS))
        .isEqualTo(Optional.empty());
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> subscription.next(NOTHING))
        .withMessageContaining("closed");
  }

  @Test
  void shouldSayThatTheTopicIsMissing() {
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> RouterSubscription.open(topic.kafka, new Topics("nowhere."), "demo"))
        .withMessageContaining("topic nowhere.router-versions does not exist");
  }

  @Test
  void shouldListVersionsAndRefusalsOfItsRouterInOrder() {
    topic.publish("demo", 2, 1);
    topic.publish(List.of(refusal(2, "no tokens yet for expert code")));
    topic.publish("other", 1, 1);
    topic.publish("demo", 1, 2);

    try (RouterHistory history = history()) {
      assertThat(history.list())
          .extracting(RouterClientIT::describe)
          .containsExactly("version 1", "no tokens yet for expert code", "version 2");
    }
  }

  private static String describe(RouterEvent event) {
    if (event instanceof RouterEvent.Published published) {
      return "version " + published.version().getVersion();
    }
    return ((RouterEvent.Refused) event).refusal().getReason();
  }

  @Test
  void shouldFollowFromWhereItStands() {
    topic.publish("demo", 1, 1);
    try (RouterHistory opened = history();
        RouterHistory listed = history()) {
      listed.list();

      topic.publish("demo", 2, 2);

      assertThat(opened.next(SOON))
          .extracting(RouterClientIT::describe)
          .containsExactly("version 2");
      assertThat(listed.next(SOON))
          .extracting(RouterClientIT::describe)
          .containsExactly("version 2");
      assertThat(listed.next(NOTHING)).isEmpty();
    }
  }

  @Test
  void shouldBringBackAnyVersion() {
    topic.publish("demo", 3, LongStream.rangeClosed(1, 12).toArray());

    try (RouterHistory history = history()) {
      for (long version : new long[] {1, 7, 12}) {
        assertThat(history.version(version))
            .hasValueSatisfying(
                router -> {
                  assertThat(router.version()).isEqualTo(version);
                  assertThat(router.bias(1))
                      .isEqualTo(
                          Router.of(
                                  Versions.describe("demo", version, 3, Versions.weights(version)),
                                  Versions.weights(version))
                              .bias(1));
                });
      }
      assertThat(history.version(13)).isEmpty();
      assertThat(history.newest()).map(Router::version).contains(12L);
    }
  }

  @Test
  void shouldDescribeAVersionAndTheOneBefore() {
    List<byte[]> incomplete = Versions.messages("demo", 5, 2);
    incomplete.remove(0);
    topic.publish("demo", 3, 1, 2, 3);
    topic.publish("other", 1, 4);
    topic.publish(incomplete);
    topic.publish("demo", 3, LongStream.rangeClosed(6, 14).toArray());

    try (RouterHistory history = history()) {
      assertThat(history.description(6))
          .contains(Versions.describe("demo", 6, 3, Versions.weights(6)));
      assertThat(history.descriptionBefore(6)).map(RouterVersion::getVersion).contains(3L);
      assertThat(history.descriptionBefore(14)).map(RouterVersion::getVersion).contains(13L);
      assertThat(history.description(5)).isEmpty();
      assertThat(history.description(4)).isEmpty();
      assertThat(history.descriptionBefore(1)).isEmpty();
      assertThat(history.descriptionsBackTo(version -> version.getVersion() <= 12))
          .extracting(RouterVersion::getVersion)
          .as("not all there are")
          .endsWith(12L, 13L, 14L)
          .doesNotContain(1L);
      assertThat(history.descriptionsBackTo(version -> false))
          .extracting(RouterVersion::getVersion)
          .containsExactly(1L, 2L, 3L, 6L, 7L, 8L, 9L, 10L, 11L, 12L, 13L, 14L);
    }
  }

  @Test
  void shouldTellTheHighestNumberEvenOfAVersionThatIsNotWhole() {
    List<byte[]> incomplete = Versions.messages("demo", 9, 2);
    incomplete.remove(0);
    topic.publish("demo", 1, 8);
    topic.publish(incomplete);
    topic.publish("other", 1, LongStream.rangeClosed(1, 20).toArray());

    try (RouterHistory history = history()) {
      assertThat(history.highestNumber()).hasValue(9);
    }
  }

  @Test
  void shouldNotCountNumbersThatNoPublisherCanHaveReached() {
    topic.publish("demo", 1, 8, 0, -3, (1L << 53) + 1, Long.MAX_VALUE);

    try (RouterHistory history = history()) {
      assertThat(history.highestNumber()).hasValue(8);
    }
  }

  @Test
  void shouldHaveNothingToTellOfARouterThatWasNeverPublished() {
    topic.publish("other", 1, 1);

    try (RouterHistory history = history()) {
      assertThat(history.highestNumber()).isEmpty();
      assertThat(history.newest()).isEmpty();
      assertThat(history.list()).isEmpty();
    }
  }

  @Test
  void shouldRunTheExampleOfTheReadme() throws Exception {
    record LastLayer(float[] bias) {}
    CompletableFuture<LastLayer> last = new CompletableFuture<>();
    try (RouterVersionsTopic standard =
        new RouterVersionsTopic(broker.bootstrapServers(), Topics.DEFAULT.prefix())) {
      standard.publish("default", 1, 1);

      assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(
              () ->
                  SubscriptionExample.follow(
                      broker.bootstrapServers(),
                      (layer, weight, bias) -> {
                        if (layer == Versions.LAYERS - 1) {
                          last.complete(new LastLayer(bias));
                          throw new IllegalStateException("enough");
                        }
                      }))
          .withMessage("enough");
    }
    assertThat(last.get().bias()).hasSize(Versions.EXPERTS);
  }
}
