package io.dume.administration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.embedded.EmbeddedBroker;
import io.dume.embedded.EmbeddedBrokerConfig;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.wire.Ids;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The lists of a router while a replay is under way. */
@Timeout(120)
class ReplayedListsIT {
  private static final String ROUTER = "demo";

  private static EmbeddedBroker broker;
  private static int installations;

  private KafkaSettings kafka;
  private Topics topics;
  private Fit serving;
  private Fit replay;

  @BeforeAll
  static void startBroker(@TempDir Path directory) {
    broker = EmbeddedBroker.start(EmbeddedBrokerConfig.in(directory));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void beginReplay() throws InterruptedException {
    kafka = KafkaSettings.of(broker.bootstrapServers());
    topics = new Topics("r" + ++installations + ".");
    try (Admin admin = Admin.create(kafka.admin())) {
      topics.create(admin, new Topics.Partitions(1, 1), Map.of());
    }
    serving = AdministrationIT.fit("");
    replay = AdministrationIT.fit("replay-1");
    append(new FitCreated(ROUTER, serving, Instant.EPOCH, false));
    append(list(serving, 1, "math", "law", "code"));
    append(new FitCreated(ROUTER, replay, Instant.EPOCH, true));
    append(list(replay, 1, "math", "law", "code"));
  }

  private static ExpertsChanged list(Fit fit, int version, String... experts) {
    return new ExpertsChanged(
        ROUTER,
        version,
        Stream.of(experts).map(name -> new Expert(name, "mlp-of-" + name)).toList(),
        Stream.of(experts).map(name -> new DomainExpert(name, name)).toList(),
        fit.getId(),
        List.of());
  }

  private void append(SpecificRecord record) throws InterruptedException {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      assertThat(log.append(record)).isTrue();
    }
  }

  private static List<String> domains(ExpertsChanged list) {
    return list.getDomains().stream().map(DomainExpert::getDomain).toList();
  }

  private ExpertsChanged listOf(Fit fit) {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      return log.state().experts(fit.getId()).orElseThrow();
    }
  }

  private ExpertLists lists() {
    return new ExpertLists(kafka, topics, ROUTER);
  }

  @Test
  void shouldTakeADomainOutOfReplaysUnderWayToo() throws Exception {
    lists().removeDomain("law");

    assertThat(domains(listOf(serving))).containsExactly("math", "code");
    assertThat(domains(listOf(replay))).containsExactly("math", "code");
    assertThat(listOf(replay).getLeftOut()).containsExactly("law");
  }

  @Test
  void shouldTakeAnExpertOutOfReplaysUnderWayToo() throws Exception {
    lists().removeExpert("math");

    assertThat(domains(listOf(replay))).containsExactly("law", "code");
    assertThat(listOf(replay).getLeftOut()).containsExactly("math");
  }

  @Test
  void shouldLeaveAReplayWithItsLastExpertThatCouldNotTakeOver() throws Exception {
    Fit small = AdministrationIT.fit("replay-2");
    append(new FitCreated(ROUTER, small, Instant.EPOCH, true));
    append(list(small, 1, "law"));

    lists().removeDomain("law");

    assertThat(domains(listOf(small))).containsExactly("law");
    try (ControlLog log = new ControlLog(kafka, topics)) {
      assertThat(ChangesMeanwhile.of(log.state(), ROUTER, small.getId()).removed())
          .containsExactly("law");
    }
  }

  @Test
  void shouldMakeTheChangeInTheFitThatServesWhenTheRouterMovesOverMeanwhile() throws Exception {
    lists()
        .change(
            (list, state, again) -> {
              if (!again) {
                moveOver();
              }
              return list(state.fit(ROUTER).orElseThrow(), list.getVersion() + 1, "math", "code");
            });

    assertThat(domains(listOf(replay))).containsExactly("math", "code");
  }

  private void moveOver() {
    try {
      append(new FitPromoted(ROUTER, replay.getId(), "r", List.of()));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void shouldSayWhatMovingOverWouldUndo() throws Exception {
    lists().addExpert(new Expert("poetry", "mlp-of-poetry"), List.of("poetry"));

    try (ControlLog log = new ControlLog(kafka, topics)) {
      ControlState state = log.state();
      assertThat(ChangesMeanwhile.of(state, ROUTER, replay.getId()).text())
          .contains("it got poetry, which the fit does not count");
    }
  }

  @Test
  void shouldFindAFitWhoseRemovalWasCutShort() throws Exception {
    append(new FitRemoved(ROUTER, replay.getId()));
    FitRetention fits = new FitRetention(kafka, topics, ROUTER);

    assertThat(fits.find(Ids.hex(replay.getId()))).isEqualTo(replay.getId());
    assertThat(fits.find(Ids.hex(replay.getId()).substring(0, 12))).isEqualTo(replay.getId());
    assertThatExceptionOfType(AdministrationException.class)
        .isThrownBy(() -> fits.find(Ids.hex(replay.getId()).substring(0, 5)))
        .withMessageContaining("no fit");
  }

  @Test
  void shouldNotWaitForARequestThatDidNotCount() throws Exception {
    append(new FitRemoved(ROUTER, replay.getId()));

    assertThatExceptionOfType(AdministrationException.class)
        .isThrownBy(
            () ->
                new CutRequests(kafka, topics, ROUTER)
                    .ask(
                        new FitPromoted(ROUTER, replay.getId(), "late", List.of()),
                        "late",
                        List.of(),
                        () -> false))
        .withMessageContaining("was not taken");
  }

  @Test
  void shouldAskForAVersionOfAFitThatServesAlready() throws Exception {
    Replays replays = new Replays(kafka, topics, ROUTER, Clock.systemUTC());

    assertThat(replays.promote(serving.getId(), () -> true)).isEmpty();

    try (ControlLog log = new ControlLog(kafka, topics)) {
      assertThat(log.state().requests(serving.getId())).hasSize(1);
    }
  }
}
