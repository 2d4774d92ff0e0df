package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class StopSignalTest {

  private final List<Thread> hooks = new ArrayList<>();
  private final StopSignal signal = new StopSignal(hooks::add);

  @Test
  void shouldLeaveSignalsAloneUntilArmed() {
    signal.release();

    assertThat(hooks).isEmpty();
  }

  @Test
  void shouldHoldTheProcessUntilReleased() throws Exception {
    signal.arm().arm();
    Thread hook = hooks.get(0);
    hook.start();
    signal.await();
    assertThat(hook.isAlive()).isTrue();

    signal.release();

    hook.join();
    assertThat(hooks).hasSize(1);
    assertThat(signal.requested()).isTrue();
  }

  @Test
  void shouldEndTheWaitWhenAServiceFails() {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    failure.complete(new IllegalArgumentException("disk is full"));

    assertThatIllegalStateException()
        .isThrownBy(() -> signal.await(failure))
        .withMessage("disk is full")
        .withCauseInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldEndTheWaitWhenAServiceEndsExceptionally() {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    failure.completeExceptionally(new IllegalArgumentException("lost"));

    assertThatIllegalStateException()
        .isThrownBy(() -> signal.await(failure))
        .withMessageContaining("lost");
  }

  @Test
  void shouldWaitUntilAskedToStop() throws Exception {
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      Future<Boolean> waiting = executor.submit(() -> signal.awaitFor(Duration.ofDays(1)));

      signal.request();

      await().untilAsserted(() -> assertThat(waiting).isDone());
      assertThat(waiting.get()).isTrue();
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  void shouldWaitNoLongerThanTold() throws Exception {
    assertThat(signal.awaitFor(Duration.ofMillis(1))).isFalse();
  }
}
