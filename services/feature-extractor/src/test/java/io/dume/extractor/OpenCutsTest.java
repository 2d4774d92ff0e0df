package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.PartitionOffset;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class OpenCutsTest {
  private static final int REQUESTS = 20_000;

  private final ControlState control = new ControlState();
  private final Fit fit = EarlierCountsTest.fit(2);
  private final Positions positions = new Positions();
  private final OpenCuts cuts = new OpenCuts();

  @BeforeEach
  void createFit() {
    control.apply(new FitCreated("demo", fit, Instant.EPOCH, false));
    positions.assign(0, 5);
    positions.assign(1, 5);
  }

  private void request(int number, long upTo) {
    control.apply(
        new CutRequested(
            "demo",
            "request " + number,
            List.of(new PartitionOffset(0, upTo), new PartitionOffset(1, upTo)),
            null,
            false));
  }

  @Test
  @Timeout(10)
  void shouldNotLookAtAnsweredRequestsBeforeEveryRecord() {
    for (int i = 0; i < REQUESTS; i++) {
      request(i, 5);
    }
    boolean due = false;

    for (int i = 0; i < REQUESTS; i++) {
      cuts.update(control, fit.getId());
      due |= cuts.due(positions);
    }

    assertThat(due).isFalse();
  }

  @Test
  void shouldSeeARequestThatCameSince() {
    cuts.update(control, fit.getId());
    request(1, 6);
    positions.advance(0, 6);
    positions.advance(1, 6);

    cuts.update(control, fit.getId());

    assertThat(cuts.due(positions)).isTrue();
  }
}
