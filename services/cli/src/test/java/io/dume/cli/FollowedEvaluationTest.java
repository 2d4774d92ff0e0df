package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.dume.demo.DemoAssets;
import io.dume.evaluator.Evaluator;
import io.dume.models.Device;
import io.dume.models.MergedManifest;
import io.dume.models.MixtureModel;
import io.dume.models.MoErge;
import io.dume.router.Router;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class FollowedEvaluationTest {

  @TempDir private Path directory;
  private final StringWriter rows = new StringWriter();
  private final StringWriter notes = new StringWriter();
  private final StopSignal stop = new StopSignal(hook -> {});
  private final Queue<Router> coming = new ArrayDeque<>();
  private DemoModel model;
  private Path merged;

  @Command(name = "sample")
  private static final class Sample {
    @Mixin private RoutingOptions routing = new RoutingOptions();
    @Mixin private EvaluationText text = new EvaluationText();
  }

  @BeforeEach
  void makeModel() throws IOException {
    model = DemoModel.make(directory);
    merged = Path.of(model.merged());
  }

  private Router version(long number) throws IOException {
    return FollowedRouters.router(
        MergedManifest.read(merged), number, DemoModel.LAYERS, "mlp-input");
  }

  /** Judges all versions that come, and then stops. */
  private void follow(String... options) throws IOException, InterruptedException {
    Console console = new Console(new PrintWriter(rows), new PrintWriter(notes), false);
    CliContext context = new CliContext(console, Map.of(), Clock.systemUTC(), stop);
    Sample sample = new Sample();
    new CommandLine(sample)
        .parseArgs(
            concat(options, "--jsonl", "" + model.testText(directory.resolve("t.jsonl"), 1)));
    Evaluator evaluator =
        new Evaluator(
            sample.text.read(merged, 64, Optional.empty(), console), Evaluator.Progress.NONE);
    VersionSource versions =
        timeout -> {
          Optional<Router> next = Optional.ofNullable(coming.poll());
          if (next.isEmpty() && !timeout.isZero()) {
            stop.request();
          }
          return next;
        };
    try (FollowedModel followed =
        new FollowedModel(merged, MixtureModel.load(merged, Device.CPU), console)) {
      new FollowedEvaluation(
              versions,
              followed,
              weights -> evaluator,
              sample.routing,
              judged -> {},
              Optional.empty(),
              context)
          .run();
    }
  }

  private static String[] concat(String[] options, String... more) {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  @Test
  void shouldEndAtOnceWhereMoreExpertsAreAskedForThanThereAre() throws IOException {
    coming.add(version(1));

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> follow("--top-k", "9"))
        .withMessageContaining("has 5 experts, and --top-k or --policy asks for 9");
  }

  @Test
  void shouldGoOnWhereAnExpertGoesThatWasAskedFor() throws Exception {
    coming.add(version(1));
    MoErge.remove(merged, List.of("math"));
    coming.add(version(2));
    MoErge.add(merged, List.of(new MoErge.Expert("math", DemoAssets.expert(directory, "math"))));

    follow("--policy", "top-k=5");

    assertThat(rows.toString().lines()).singleElement().asString().startsWith("version 1  ");
    assertThat(notes.toString()).contains("version 2 can't be judged: it has 4 experts");
  }

  @Test
  void shouldMarkTheRowsOfTrainedGates() throws Exception {
    Router solved = version(1);
    RouterVersion trained =
        RouterVersion.newBuilder(version(2).description())
            .setTraining(new Training(1L, 10, 1e-4, 0.0, 500L, 0L))
            .build();
    coming.add(solved);
    coming.add(FollowedRouters.router(trained));

    follow();

    assertThat(rows.toString().lines())
        .satisfiesExactly(
            row -> assertThat(row).startsWith("version 1  novel"),
            row -> assertThat(row).startsWith("version 2 (trained from version 1)  novel"));
  }

  @Test
  void shouldLeaveAPolicyToTheNextVersionOnlyWhereTheBrokersMayComeBack() {
    assertThatNoException()
        .isThrownBy(() -> FollowedPolicy.requirePassing(new TimeoutException("away")));
    assertThatNoException()
        .isThrownBy(
            () ->
                FollowedPolicy.requirePassing(
                    new IllegalStateException("writing failed", new TimeoutException("away"))));
    assertThatExceptionOfType(TopicAuthorizationException.class)
        .isThrownBy(() -> FollowedPolicy.requirePassing(new TopicAuthorizationException("no")));
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> FollowedPolicy.requirePassing(new IllegalStateException("a fault")));
  }
}
