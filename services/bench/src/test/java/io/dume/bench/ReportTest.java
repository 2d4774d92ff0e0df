package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {

  @TempDir private Path scratch;
  private final List<String> progress = new ArrayList<>();

  private record Fake(String name, Work work) implements Measurement {
    interface Work {
      List<Figure> run(Bench bench) throws Exception;
    }

    @Override
    public String description() {
      return "a measurement of " + name;
    }

    @Override
    public List<Figure> run(Bench bench) throws Exception {
      return work.run(bench);
    }
  }

  @Test
  void shouldCollectFiguresInOrder() {
    Report report = run(fake("a", 1), fake("b", 2));

    assertThat(report.figures()).extracting(Figure::name).containsExactly("a", "b");
    assertThat(report.failures()).isEmpty();
    assertThat(report.stopped()).isFalse();
    assertThat(progress).contains("a: a measurement of a", "b: a measurement of b");
  }

  @Test
  void shouldNameWhatFailedAndGoOn() {
    IOException cause = new IOException("the disk is full");

    Report report =
        run(
            new Fake(
                "broken",
                bench -> {
                  throw cause;
                }),
            fake("b", 2));

    assertThat(report.failures()).containsExactly(new Report.Failure("broken", cause));
    assertThat(report.figures()).extracting(Figure::name).containsExactly("b");
    assertThat(report.stopped()).isFalse();
  }

  @Test
  void shouldGiveEachADirectoryOfItsOwnAndDeleteIt() {
    List<Path> seen = new ArrayList<>();
    Fake.Work leavesAFile =
        bench -> {
          assertThat(bench.scratch()).isEmptyDirectory();
          seen.add(bench.scratch());
          Files.writeString(
              Files.createDirectory(bench.scratch().resolve("deep")).resolve("f"), "");
          return List.of();
        };

    Report report = run(new Fake("a", leavesAFile), new Fake("b", leavesAFile));

    assertThat(report.failures()).isEmpty();
    assertThat(seen).doesNotHaveDuplicates().hasSize(2);
    assertThat(scratch).isEmptyDirectory();
  }

  @Test
  void shouldStopWhenInterruptedAndKeepWhatWasMeasured() {
    List<String> run = new ArrayList<>();

    Report report =
        run(
            fake("a", 1),
            new Fake(
                "interrupted",
                bench -> {
                  Thread.currentThread().interrupt();
                  // As Kafka's clients do: an exception of their own, and the status set again.
                  throw new IllegalStateException("interrupted");
                }),
            new Fake(
                "never",
                bench -> {
                  run.add("never");
                  return List.of();
                }));

    assertThat(report.stopped()).isTrue();
    assertThat(report.figures()).extracting(Figure::name).containsExactly("a");
    assertThat(report.failures()).isEmpty();
    assertThat(run).isEmpty();
    assertThat(scratch).isEmptyDirectory();
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void shouldSeeAnInterruptionThatALibraryHasWrapped() {
    Report report =
        run(
            new Fake(
                "wrapped",
                bench -> {
                  IllegalStateException inner = new IllegalStateException("several causes");
                  inner.addSuppressed(new InterruptedException());
                  throw new IOException("a fork failed", inner);
                }),
            fake("b", 2));

    assertThat(report.stopped()).isTrue();
    assertThat(report.failures()).isEmpty();
    assertThat(report.figures()).isEmpty();
  }

  @Test
  void shouldRefuseASecondFigureOfTheSameName() {
    Report report = run(fake("a", 1), new Fake("again", bench -> List.of(figure("a", 2))));

    assertThat(report.figures()).hasSize(1);
    assertThat(report.failures())
        .singleElement()
        .satisfies(
            failure -> {
              assertThat(failure.measurement()).isEqualTo("again");
              assertThat(failure.cause()).hasMessageContaining("two figures are called \"a\"");
            });
  }

  @Test
  void shouldListMeasurementsThatCanBeChosenByName() {
    assertThat(Measurements.all())
        .extracting(Measurement::name)
        .doesNotHaveDuplicates()
        .allMatch(name -> name.matches("[a-z0-9]+(-[a-z0-9]+)*"));
    assertThat(Measurements.all())
        .extracting(Measurement::description)
        .allMatch(text -> !text.isBlank() && text.lines().count() == 1);
  }

  private Report run(Measurement... measurements) {
    return Report.run(List.of(measurements), true, scratch, List.of("dume"), progress::add);
  }

  private static Fake fake(String name, double value) {
    return new Fake(name, bench -> List.of(figure(name, value)));
  }

  private static Figure figure(String name, double value) {
    return Figure.of(name, "s", Samples.of(value));
  }
}
