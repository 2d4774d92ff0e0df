package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.demo.DemoAssets;
import io.dume.models.Device;
import io.dume.models.MergedManifest;
import io.dume.models.MixtureModel;
import io.dume.models.MoErge;
import io.dume.router.Router;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FollowedModelTest {

  private static final Duration PAUSE = Duration.ofSeconds(1);

  @TempDir private Path directory;
  private final StringWriter notes = new StringWriter();
  private final AtomicLong now = new AtomicLong();
  private Path merged;
  private MergedManifest manifest;

  @BeforeEach
  void makeModel() throws IOException {
    DemoModel model = DemoModel.make(directory);
    merged = Path.of(model.merged());
    manifest = MergedManifest.read(merged);
  }

  private FollowedModel follow() throws IOException {
    Console console =
        new Console(new PrintWriter(new StringWriter()), new PrintWriter(notes), false);
    return new FollowedModel(merged, MixtureModel.load(merged, Device.CPU), console, now::get);
  }

  @Test
  void shouldFindTheExpertThatJoinsTheDirectoryAfterItsVersionCame() throws IOException {
    // Given a version of five experts, and a directory of four
    Router version = router(3, DemoModel.LAYERS, "mlp-input");
    MoErge.remove(merged, List.of("math"));
    try (FollowedModel followed = follow()) {
      assertThat(followed.of(version)).isEmpty();
      now.addAndGet(PAUSE.toNanos());
      assertThat(followed.of(version)).isEmpty();

      // When the fifth joins
      MoErge.add(merged, List.of(new MoErge.Expert("math", DemoAssets.expert(directory, "math"))));
      Optional<MixtureModel> soon = followed.of(version);
      now.addAndGet(PAUSE.toNanos());
      Optional<MixtureModel> later = followed.of(version);

      // Then the version is taken at the next look, and what was wrong was said once
      assertThat(soon).as("within the pause the directory is not read").isEmpty();
      assertThat(later.orElseThrow().manifest().expertNames()).contains("math");
      assertThat(notes.toString().lines())
          .singleElement()
          .asString()
          .contains("version 3 has expert math", "passed over until that changes");
    }
  }

  @Test
  void shouldLookAtOnceForTheNextVersion() throws IOException {
    Router misfit = router(3, 1, "embedding");
    Router next = router(4, DemoModel.LAYERS, "mlp-input");
    try (FollowedModel followed = follow()) {
      assertThat(followed.of(misfit)).isEmpty();

      assertThat(followed.of(next)).isPresent();
      assertThat(followed.of(next)).as("again").isPresent();
    }
    assertThat(notes.toString()).contains("is solved from embedding features, not mlp-input");
  }

  @Test
  void shouldPassOverGatesOfAnotherShape() throws IOException {
    try (FollowedModel followed = follow()) {
      assertThat(followed.of(router(3, DemoModel.LAYERS + 1, "mlp-input"))).isEmpty();
    }
    assertThat(notes.toString()).contains("5 layers of width 128, the model has 4 of width 128");
  }

  @Test
  void shouldWaitForADirectoryThatCanNotBeRead() throws IOException {
    Router version = router(3, DemoModel.LAYERS, "mlp-input");
    Path away = directory.resolve("away");
    try (FollowedModel followed = follow()) {
      Files.move(merged, away);
      assertThat(followed.of(version)).isEmpty();
      Files.move(away, merged);
      now.addAndGet(PAUSE.toNanos());

      assertThat(followed.of(version)).isPresent();
    }
    assertThat(notes.toString()).contains("version 3: the model can't be read again");
  }

  @Test
  void shouldNotReadExpertsThatJoinedWhileOthersAreMissing() throws IOException {
    // Given a directory where one of two experts has come back, with a file that can't be read
    Router version = router(3, DemoModel.LAYERS, "mlp-input");
    MoErge.remove(merged, List.of("math", "code"));
    try (FollowedModel followed = follow()) {
      MoErge.add(merged, List.of(new MoErge.Expert("math", DemoAssets.expert(directory, "math"))));
      try (Stream<Path> files = Files.walk(merged)) {
        Path file = files.filter(f -> ("" + f.getFileName()).contains("math")).findFirst().get();
        Files.delete(file);
      }

      Optional<MixtureModel> nothing = followed.of(version);

      assertThat(nothing).isEmpty();
    }
    assertThat(notes.toString()).contains("version 3 has expert code");
  }

  private Router router(long number, int layers, String source) {
    return FollowedRouters.router(manifest, number, layers, source);
  }
}
