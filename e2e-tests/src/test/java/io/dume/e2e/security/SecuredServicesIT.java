package io.dume.e2e.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets.Split;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Fit;
import io.dume.schemas.wire.Ids;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.common.acl.AclBinding;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every service under a user of its own, with the access control lists that {@code dume acls}
 * gives, no more. And with one entry less, for each entry: then the service says what it lacks and
 * ends. The tests are steps of one life, so their order counts: each service has something to do
 * that needs all of its entries when its turn comes, and what one could not do is there for the
 * next.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SecuredServicesIT {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Topics TOPICS = Topics.DEFAULT;

  /** Within which a service that lacks something must have ended. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** The exit status where something was left out. */
  private static final int SET_ASIDE = 3;

  private static final List<String> SERVICES =
      List.of(
          "feed",
          "feature-extractor",
          "accumulator",
          "solver",
          "publisher",
          "subscriber",
          "operator",
          "replay",
          "fits",
          "dead-letters");

  @TempDir static Path directory;

  private static SecureInstallation installation;
  private static Entries entries;
  private static Work work;
  private static ServiceRun feed;
  private static ServiceRun worker;
  private static ServiceRun accumulator;
  private static ServiceRun solver;

  @BeforeAll
  static void startAll() throws Exception {
    work = Work.in(directory);
    installation =
        new SecureInstallation(Files.createDirectory(directory.resolve("secure")), SERVICES);
    entries = new Entries(installation, LIMIT);
    work.createDocuments(installation);
    SERVICES.forEach(entries::create);
  }

  @AfterAll
  static void endAll() {
    if (installation != null) {
      installation.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"feed", "feature-extractor", "accumulator", "solver"})
  @Order(1)
  void shouldNotCreateTopicsWithoutTheEntryForIt(String service) throws Exception {
    Object[] command =
        switch (service) {
          case "feed" -> work.feed("--from-topic", Work.DOCUMENTS);
          case "feature-extractor" -> work.worker();
          case "accumulator" -> work.accumulator();
          default -> new Object[] {"solver"};
        };

    entries.assertRefused(service, entries.creation(service), command);
  }

  @Test
  @Order(2)
  void shouldFeedWithTheFeedsEntries() throws Exception {
    Path file = work.documents(Split.TRAIN);

    ServiceRun run = installation.run("feed", work.feed("--verbose", "--jsonl", file));

    assertThat(run.err()).contains("3 documents", "0 set aside");
    // What every fit meets that reads from the beginning.
    work.junk(installation, TOPICS.tokenBatches(), TOPICS.flushManifests(), TOPICS.countedIds());
  }

  @ParameterizedTest
  @MethodSource
  @Order(3)
  void shouldNotFeedWithOneEntryLess(AclBinding entry) throws Exception {
    work.newDocument(installation);
    work.junk(installation, Work.DOCUMENTS);

    entries.assertRefused("feed", entry, work.feed("--from-topic", Work.DOCUMENTS));
  }

  static List<AclBinding> shouldNotFeedWithOneEntryLess() {
    return entries.of("feed");
  }

  @ParameterizedTest
  @MethodSource
  @Order(4)
  void shouldNotExtractWithOneEntryLess(AclBinding entry) throws Exception {
    // Of another router each time: it has everything before it, and creates its fit.
    String router = work.fresh("router");

    entries.assertRefused(
        "feature-extractor", entry, work.worker("--router-name", router, "--label", router));
  }

  static List<AclBinding> shouldNotExtractWithOneEntryLess() {
    return entries.of("feature-extractor");
  }

  @Test
  @Order(5)
  void shouldExtractAndFoldWithTheirEntries() throws Exception {
    work.junk(installation, TOPICS.routerVersions());
    work.junkEverywhere(installation, TOPICS.layerStatistics());
    accumulator = installation.start("accumulator", work.accumulator("--verbose"));
    worker = installation.start("feature-extractor", work.worker("--verbose"));

    Awaitility.await().atMost(LIMIT).until(() -> Work.end(installation, TOPICS.cuts()) > 0);

    // Every topic is there now, the changelogs too: all that follows runs without.
    for (String service : List.of("feed", "feature-extractor", "accumulator", "solver")) {
      installation.remove(service, entries.creation(service));
    }
  }

  @ParameterizedTest
  @MethodSource
  @Order(6)
  void shouldNotSolveWithOneEntryLess(AclBinding entry) throws Exception {
    entries.assertRefused("solver", entry, "solver");
  }

  /** To write to the control log comes first: once the fit's profile is written, nobody does. */
  static List<AclBinding> shouldNotSolveWithOneEntryLess() {
    return entries.of("solver", entry -> Entries.isWrite(entry, TOPICS.control()));
  }

  @ParameterizedTest
  @MethodSource
  @Order(7)
  void shouldNotSubscribeWithOneEntryLess(AclBinding entry) throws Exception {
    entries.assertRefused("subscriber", entry, "versions");
  }

  static List<AclBinding> shouldNotSubscribeWithOneEntryLess() {
    return entries.of("subscriber");
  }

  @ParameterizedTest
  @MethodSource
  @Order(7)
  void shouldNotOperateWithOneEntryLess(AclBinding entry) throws Exception {
    entries.assertRefused("operator", entry, "solve", "--timeout", "2m");
  }

  static List<AclBinding> shouldNotOperateWithOneEntryLess() {
    return entries.of("operator");
  }

  @ParameterizedTest
  @MethodSource
  @Order(7)
  void shouldNotResendDeadLettersWithOneEntryLess(AclBinding entry) throws Exception {
    entries.assertRefused("dead-letters", entry, "dead-letters", "resend", "--all");
  }

  static List<AclBinding> shouldNotResendDeadLettersWithOneEntryLess() {
    return entries.of("dead-letters");
  }

  @Test
  @Order(8)
  void shouldFoldUntilItIsStopped() {
    feed = installation.start("feed", work.feed("--from-topic", Work.DOCUMENTS));

    int status = accumulator.stop();

    assertThat(status).as(accumulator.toString()).isZero();
  }

  @ParameterizedTest
  @MethodSource
  @Order(9)
  void shouldNotFoldWithOneEntryLess(AclBinding entry) throws Exception {
    // What there is to fold, to set aside, to stop and to cut.
    work.newDocument(installation);
    work.junk(installation, TOPICS.flushManifests(), TOPICS.partialStatistics());
    work.impossibleFit(installation);
    try (ServiceRun request = installation.start("operator", "solve", "--timeout", "5m")) {
      entries.assertRefused("accumulator", entry, work.accumulator());
      assertThat(request.out()).as("nobody solves").isEmpty();
    }
  }

  static List<AclBinding> shouldNotFoldWithOneEntryLess() {
    return entries.of("accumulator");
  }

  @Test
  @Order(10)
  void shouldPublishAVersionWithoutCreatingTopics() throws Exception {
    accumulator = installation.start("accumulator", work.accumulator("--verbose"));
    solver = installation.start("solver", "solver", "--verbose");
    installation.run(
        "feed", work.feed("--verbose", "--held-out", "--jsonl", work.documents(Split.VALIDATION)));

    installation.run("operator", "solve", "--verbose", "--timeout", "2m");

    List<String> versions =
        installation.run("subscriber", "versions", "--json").out().lines().toList();
    JsonNode last = JSON.readTree(versions.get(versions.size() - 1));
    assertThat(last.get("domains").findValuesAsText("domain"))
        .containsExactlyInAnyOrderElementsOf(Work.DOMAINS);
    ServiceRun letters = installation.run("dead-letters", "dead-letters", "--json");
    assertThat(letters.out().lines().map(SecuredServicesIT::service).distinct())
        .containsExactlyInAnyOrder("feed", "feature-extractor", "sequencer", "fold", "solver");
  }

  private static String service(String letter) {
    try {
      return JSON.readTree(letter).get("service").asText();
    } catch (IOException e) {
      throw new AssertionError(letter, e);
    }
  }

  /** Where it gets as far as that, it fences the solver, which has to go on. */
  @ParameterizedTest
  @MethodSource
  @Order(11)
  void shouldNotPublishTrainedGatesWithOneEntryLess(AclBinding entry) throws Exception {
    Path trained = work.trained(installation);

    entries.assertRefused("publisher", entry, "router", "publish", trained);
  }

  static List<AclBinding> shouldNotPublishTrainedGatesWithOneEntryLess() {
    return entries.of("publisher");
  }

  @Test
  @Order(12)
  void shouldPublishTrainedGatesWithTheEntriesForIt() throws Exception {
    Path trained = work.trained(installation);

    ServiceRun run = installation.run("publisher", "router", "publish", trained);

    assertThat(run.out()).containsPattern("version [0-9]+ of router default published: trained");
  }

  @Test
  @Order(13)
  void shouldResendDeadLettersWithTheEntriesForIt() {
    ServiceRun run = installation.start("dead-letters", "dead-letters", "resend", "--all");

    int status = run.await(LIMIT);

    // Those of other topics are left.
    assertThat(status).as(run.toString()).isEqualTo(SET_ASIDE);
    assertThat(run.err()).containsPattern("[1-9][0-9]* token batches sent again");
  }

  @Test
  @Order(13)
  void shouldOperateWithTheOperatorsEntries() {
    installation.run("operator", "solve", "--lambda", "auto", "--timeout", "2m");
    installation.run("operator", "experts", "remove", "novel");
    installation.run("operator", "experts", "add", "novel", "--model", work.model());
    installation.run("operator", "domains", "add", "poems", "--expert", "novel");
    installation.run("operator", "domains", "remove", "poems");
    installation.run("operator", "experts", "remove", "novel");

    ServiceRun experts = installation.run("operator", "experts", "list");
    ServiceRun domains = installation.run("operator", "domains", "list");

    assertThat(experts.out()).contains("math", "code").doesNotContain("novel");
    assertThat(domains.out()).contains("math", "code").doesNotContain("poems");
  }

  @Test
  @Order(13)
  void shouldSubscribeWithTheSubscribersEntries() throws Exception {
    Path exported = work.file("router.safetensors");
    Object[] evaluate = {
      "evaluate",
      "--follow",
      "--model",
      work.model(),
      "--tokens-per-domain",
      "64",
      "--jsonl",
      work.documents(Split.TEST)
    };

    installation.run("subscriber", "router", "export", "--out", exported);
    ServiceRun shown = installation.run("subscriber", "versions", "show", "1");

    assertThat(exported).isNotEmptyFile();
    assertThat(shown.out()).contains("math");
    try (ServiceRun judge = installation.start("subscriber", evaluate)) {
      Awaitility.await().atMost(LIMIT).until(() -> judge.out().contains("version "));
    }
  }

  @ParameterizedTest
  @MethodSource
  @Order(14)
  void shouldNotReplayWithOneEntryLess(AclBinding entry) throws Exception {
    entries.assertRefused("replay", entry, work.replay(work.fresh("replay")));
  }

  /** The one that is met last comes first: its fit is the oldest, and all is counted in it. */
  static List<AclBinding> shouldNotReplayWithOneEntryLess() {
    return entries.of("replay", entry -> entry.pattern().name().equals(TOPICS.routerVersions()));
  }

  @Test
  @Order(15)
  void shouldReplayWithTheEntriesForIt() {
    installation.run("replay", work.replay("moved"));

    assertThat(feed.stop()).as("there was junk among the documents: " + feed).isEqualTo(SET_ASIDE);
    for (ServiceRun service : List.of(worker, accumulator, solver)) {
      assertThat(service.stop()).as(service.toString()).isZero();
    }
  }

  /** The first fit was retired, the second was nearly promoted: both have ids that are counted. */
  @ParameterizedTest
  @MethodSource
  @Order(16)
  void shouldNotRemoveAFitWithOneEntryLess(AclBinding entry) throws Exception {
    Fit fit = work.fits(installation).get(0);

    entries.assertRefused("fits", entry, "fits", "remove", Ids.hex(fit.getId()));
  }

  /** What is needed after the fit is gone comes last, since then there is one less. */
  static List<AclBinding> shouldNotRemoveAFitWithOneEntryLess() {
    return entries.of("fits", entry -> !entry.pattern().name().equals(TOPICS.countedIds()));
  }

  @Test
  @Order(17)
  void shouldRemoveAFitWithTheEntriesForIt() {
    Fit candidate = work.fits(installation).get(0);

    installation.run("fits", "fits", "remove", candidate.getLabel());

    ServiceRun fits = installation.run("fits", "fits", "list");
    assertThat(fits.out()).contains("moved").doesNotContain(candidate.getLabel() + " ");
  }

  @Test
  @Order(18)
  void shouldTakeASecretFromTheFileOfSettingsToo() throws Exception {
    ServiceRun run =
        installation.startWith(installation.fileWithSecret("subscriber"), "versions", "--verbose");

    int status = run.await(LIMIT);

    assertThat(status).as(run.toString()).isZero();
  }

  @Test
  @Order(18)
  void shouldSayThatThePasswordIsWrong() throws Exception {
    Path wrong = installation.fileWithSecret("subscriber", SecureInstallation.SECRET + "wrong");
    ServiceRun run = installation.startWith(wrong, "versions");

    int status = run.await(LIMIT);

    assertThat(status).as(run.toString()).isEqualTo(1);
    assertThat(run.err()).contains("Authentication failed").contains("SCRAM-SHA-512");
  }

  @Test
  @Order(19)
  void shouldHaveShownNoSecretAnywhere() {
    String transcript = installation.transcript();

    assertThat(transcript)
        .as("the settings that were logged")
        .contains("sasl.jaas.config = [hidden]")
        .doesNotContain(SecureInstallation.SECRET);
  }
}
