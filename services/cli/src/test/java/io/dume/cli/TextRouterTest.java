package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.demo.DemoAssets;
import io.dume.models.Device;
import io.dume.models.MergedManifest;
import io.dume.models.MoErge;
import io.dume.router.Router;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextRouterTest {

  @TempDir private Path directory;
  private final StringWriter notes = new StringWriter();
  private final AtomicLong now = new AtomicLong();
  private final Queue<Router> coming = new ArrayDeque<>();
  private Path merged;
  private MergedManifest manifest;

  @BeforeEach
  void makeModel() throws IOException {
    merged = Path.of(DemoModel.make(directory).merged());
    manifest = MergedManifest.read(merged);
  }

  private TextRouter follow() {
    Console console =
        new Console(new PrintWriter(new StringWriter()), new PrintWriter(notes), false);
    return new TextRouter.Followed(
        timeout -> Optional.ofNullable(coming.poll()),
        () -> {},
        merged,
        () -> Device.CPU,
        OptionalInt.empty(),
        new CliContext(console, Map.of(), Clock.systemUTC(), new StopSignal(hook -> {})),
        now::get);
  }

  private Router version(long number) {
    return FollowedRouters.router(manifest, number, 1, "embedding");
  }

  private Optional<Long> after(Duration time, TextRouter router)
      throws IOException, InterruptedException {
    now.addAndGet(time.toNanos());
    return router.next().orElseThrow().version();
  }

  @Test
  void shouldTakeTheVersionWhoseExpertJoinsTheDirectoryAfterIt() throws Exception {
    MoErge.remove(merged, List.of("math"));
    MergedManifest all = manifest;
    manifest = MergedManifest.read(merged);
    coming.add(version(2));
    manifest = all;
    try (TextRouter router = follow()) {
      assertThat(router.next().orElseThrow().version()).contains(2L);
      coming.add(version(3));
      assertThat(after(Duration.ofSeconds(1), router)).as("its expert is not there").contains(2L);
      assertThat(after(Duration.ofSeconds(2), router)).as("nor later").contains(2L);

      MoErge.add(merged, List.of(new MoErge.Expert("math", DemoAssets.expert(directory, "math"))));

      assertThat(after(Duration.ofMillis(500), router)).as("not read so soon").contains(2L);
      assertThat(after(Duration.ofSeconds(1), router)).contains(3L);
    }
    assertThat(notes.toString()).containsOnlyOnce("version 3 has expert math");
  }

  @Test
  void shouldPassOverGatesOfAnotherShape() throws Exception {
    coming.add(version(2));
    try (TextRouter router = follow()) {
      assertThat(router.next().orElseThrow().version()).contains(2L);
      coming.add(FollowedRouters.router(manifest, 3, 2, "embedding"));

      assertThat(after(Duration.ofSeconds(1), router)).contains(2L);
    }
    assertThat(notes.toString()).contains("version 3 has 2 layers of width 128, the model has 1");
  }

  @Test
  void shouldGoOnWithTheVersionBeforeWhileTheModelCanNotBeRead() throws Exception {
    coming.add(version(2));
    Path away = directory.resolve("away");
    try (TextRouter router = follow()) {
      assertThat(router.next().orElseThrow().version()).contains(2L);
      coming.add(version(3));
      Files.move(merged, away);
      assertThat(after(Duration.ofSeconds(1), router)).contains(2L);
      Files.move(away, merged);

      assertThat(after(Duration.ofSeconds(2), router)).contains(3L);
    }
    assertThat(notes.toString()).containsOnlyOnce("version 3: the model can't be read");
  }
}
