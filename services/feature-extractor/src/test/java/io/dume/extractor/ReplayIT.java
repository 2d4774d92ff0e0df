package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dume.models.FeatureSource;
import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.Fits;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.message.SlotCount;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;

/** A second fit beside the one that serves, and the move to it. */
class ReplayIT extends InstallationFixture {
  private Fit replay(ExtractionModel.Identity model, FitProposal.Start start) throws Exception {
    FitSettings settings =
        FitSettings.of(Batches.CONTEXT - 1)
            .withStatistics(Batches.FRACTION_BITS, Batches.TILE)
            .withLimits(OptionalInt.of(Batches.MAX_SEQUENCE), OptionalInt.of(Batches.MAX_RECORD));
    try (Admin admin = Admin.create(installation.kafka().admin());
        ControlLog control = installation.control()) {
      Fit proposal = FitProposal.of(admin, installation.topics(), settings, model, start);
      return Fits.replay(
              control,
              "default",
              proposal,
              Fits.Selection.all(model.experts()),
              false,
              Clock.systemUTC())
          .fit();
    }
  }

  private Fit replay() throws Exception {
    return replay(new TokenFeatures().identity(), new FitProposal.Start.Beginning());
  }

  private RunningWorker startReplay(Fit fit, FlushPolicy flush) {
    FeatureExtractorConfig serving = installation.config("replay", flush);
    return RunningWorker.start(
        FeatureExtractorConfig.defaults(
                serving.kafka(), "replay", FitSettings.of("default", fit, false))
            .withTopics(serving.topics(), serving.partitions())
            .withFlush(flush),
        new TokenFeatures());
  }

  private void promote(Fit fit, long upTo) throws Exception {
    try (ControlLog control = installation.control()) {
      control.append(
          new FitPromoted("default", fit.getId(), "move", List.of(new PartitionOffset(0, upTo))));
      assertThat(control.state().fit("default")).contains(fit);
    }
  }

  private long records(Fit fit) {
    return installation.manifests().stream()
        .filter(m -> m.getFit().equals(fit.getId()))
        .map(FlushManifest::getSlots)
        .flatMap(List::stream)
        .mapToLong(SlotCount::getRecords)
        .sum();
  }

  @Test
  void shouldCountFromTheBeginningBesideTheFitThatServes() throws Exception {
    try (RunningWorker serving = installation.start("one", SOON)) {
      sendToPartition0(12);
      await().atMost(PATIENCE).until(() -> serving.snapshot().records() == 12);
      Fit candidate = replay();

      try (RunningWorker replay = startReplay(candidate, SOON)) {
        await()
            .atMost(PATIENCE)
            .until(
                () ->
                    replay.snapshot().partitions() == 4
                        && replay.snapshot().lag().equals(OptionalLong.of(0)));

        assertThat(replay.snapshot().positions().get(0))
            .isEqualTo(new ExtractorSnapshot.Progress(12, 12, OptionalLong.of(12)));
        assertThat(replay.fit()).contains(candidate);
        assertThat(records(candidate)).isEqualTo(12);
        assertThat(serving.snapshot().partitions()).isEqualTo(4);
      }
    }
  }

  @Test
  void shouldFollowTheRouterToAFitOfItsModel() throws Exception {
    try (RunningWorker worker = installation.start("one", NEVER)) {
      sendToPartition0(12);
      await().atMost(PATIENCE).until(() -> worker.snapshot().pendingRecords() == 12);
      Fit first = worker.fit().orElseThrow();
      Fit candidate = replay();

      promote(candidate, 12);

      // The promotion asks for what is there now; the interval alone would take an hour.
      await().atMost(PATIENCE).until(() -> records(candidate) == 12);
      assertThat(records(first)).isEqualTo(12);
      assertThat(worker.fit()).contains(candidate);
    }
  }

  @Test
  void shouldFollowWhenItStartsWithTheSettingsOfAFitThatIsOver() throws Exception {
    Fit first;
    try (RunningWorker worker = installation.start("one", SOON)) {
      await().atMost(PATIENCE).until(() -> worker.snapshot().partitions() == 4);
      worker.stop();
      first = worker.fit().orElseThrow();
    }
    Fit candidate = replay();
    promote(candidate, 0);
    assertFollows(candidate);
    try (ControlLog control = installation.control()) {
      control.append(new FitRemoved("default", first.getId()));
    }

    assertFollows(candidate);
  }

  private void assertFollows(Fit serving) throws Exception {
    try (RunningWorker again = installation.start("one", SOON)) {
      await().atMost(PATIENCE).until(() -> again.snapshot().partitions() == 4);

      assertThat(again.fit()).contains(serving);
      again.stop();
    }
  }

  @Test
  void shouldEndWellWhenItsModelCanNotFollow() throws Exception {
    ExtractionModel.Identity here = new TokenFeatures().identity();
    ExtractionModel.Identity other =
        new ExtractionModel.Identity(
            FeatureSource.MLP_INPUT,
            "dd".repeat(32),
            here.layers(),
            here.width(),
            here.vocabulary(),
            here.maxPositions(),
            here.tokenizer(),
            here.experts(),
            here.profile());
    try (RunningWorker worker = installation.start("one", NEVER)) {
      sendToPartition0(3);
      await().atMost(PATIENCE).until(() -> worker.snapshot().pendingRecords() == 3);
      Fit first = worker.fit().orElseThrow();

      promote(replay(other, new FitProposal.Start.Beginning()), 3);

      assertThat(worker.retirement()).contains("router default", "another backbone");
      assertThat(records(first)).isEqualTo(3);
    }
  }

  @Test
  void shouldEndWellWhenItsReplayIsCalledOff() throws Exception {
    try (RunningWorker serving = installation.start("one", SOON)) {
      await().atMost(PATIENCE).until(() -> serving.snapshot().partitions() == 4);
      sendToPartition0(3);
      Fit candidate = replay();
      try (RunningWorker replay = startReplay(candidate, NEVER);
          ControlLog control = installation.control()) {
        await().atMost(PATIENCE).until(() -> replay.snapshot().pendingRecords() == 3);

        control.append(new FitRemoved("default", candidate.getId()));

        assertThat(replay.retirement()).contains("was removed");
        assertThat(records(candidate)).isZero();
        assertThat(serving.hasEnded()).isFalse();
      }
    }
  }

  @Test
  void shouldStartWhereItIsTold() throws Exception {
    try (RunningWorker creator = installation.start("one", SOON)) {
      sendToPartition0(5);
      await().atMost(PATIENCE).until(() -> creator.snapshot().records() == 5);
    }
    ExtractionModel.Identity model = new TokenFeatures().identity();
    Fit atOffset = replay(model, new FitProposal.Start.At(Map.of(0, 3L)));

    try (Admin admin = Admin.create(installation.kafka().admin());
        RunningWorker replay = startReplay(atOffset, SOON)) {
      await().atMost(PATIENCE).until(() -> replay.snapshot().records() == 2);
      FitSettings settings = FitSettings.of(Batches.CONTEXT);
      Fit later =
          FitProposal.of(
              admin,
              installation.topics(),
              settings,
              model,
              new FitProposal.Start.Since(Instant.now().plusSeconds(3600)));

      assertThat(later.getStart())
          .containsExactlyElementsOf(
              IntStream.range(0, 4)
                  .mapToObj(p -> new PartitionOffset(p, p == 0 ? 5L : 0L))
                  .toList());
      assertThatThrownBy(
              () ->
                  FitProposal.of(
                      admin,
                      installation.topics(),
                      settings,
                      model,
                      new FitProposal.Start.At(Map.of(0, 6L))))
          .isInstanceOf(ExtractorException.class)
          .hasMessageContaining("offset 6 of partition 0")
          .hasMessageContaining("0 to 5");
    }
  }
}
