package io.dume.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What a run of measurements came to. Immutable.
 *
 * @param figures in the order in which they were measured
 * @param failures of the measurements that gave none, or not all
 * @param stopped whether the run was interrupted before it was through
 */
public record Report(List<Figure> figures, List<Failure> failures, boolean stopped) {

  /**
   * A measurement that could not be taken.
   *
   * @param measurement its name
   * @param cause why not
   */
  public record Failure(String measurement, Throwable cause) {}

  public Report {
    figures = List.copyOf(figures);
    failures = List.copyOf(failures);
  }

  /**
   * Runs measurements one after the other, each with an empty directory of its own that is deleted
   * afterwards. One that fails is written down, and the others go on. Interrupting the thread ends
   * the measurement that runs and leaves out those that follow; the report then has what was
   * measured until then, and the thread's interrupted status is cleared.
   *
   * @param measurements what to measure
   * @param quick whether all together may take two minutes, or else twenty
   * @param scratch a directory for the measurements' own
   * @param dume as in {@link Bench#dume}
   * @param progress takes lines about what goes on, for people who wait
   * @return the report
   */
  public static Report run(
      List<Measurement> measurements,
      boolean quick,
      Path scratch,
      List<String> dume,
      Consumer<String> progress) {
    Run run = new Run();
    for (Measurement measurement : measurements) {
      if (run.stopped || Thread.currentThread().isInterrupted()) {
        run.stopped = true;
        break;
      }
      run.measure(measurement, quick, scratch.resolve(measurement.name()), dume, progress);
    }
    // Whoever asked to stop has been heard; what follows is writing down.
    Thread.interrupted();
    return new Report(run.figures, run.failures, run.stopped);
  }

  private static final class Run {
    private final List<Figure> figures = new ArrayList<>();
    private final List<Failure> failures = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private boolean stopped;

    void measure(
        Measurement measurement,
        boolean quick,
        Path directory,
        List<String> dume,
        Consumer<String> progress) {
      String name = measurement.name();
      progress.accept(name + ": " + measurement.description());
      long start = System.nanoTime();
      try {
        Files.createDirectory(directory);
        Consumer<String> named =
            line -> progress.accept(line.startsWith(name + ": ") ? line : name + ": " + line);
        measurement.run(new Bench(quick, directory, dume, named)).forEach(this::take);
      } catch (InterruptedException e) {
        stopped = true;
      } catch (Exception | LinkageError | OutOfMemoryError e) {
        // What is interrupted fails in many ways, and none of them is a fault.
        if (Thread.currentThread().isInterrupted() || ofInterruption(e)) {
          stopped = true;
        } else {
          failures.add(new Failure(name, e));
          progress.accept("%s failed: %s".formatted(name, e));
        }
      }
      tidyUp(name, directory);
      progress.accept("%s: took %.0f s".formatted(name, (System.nanoTime() - start) / 1e9));
    }

    /** Libraries wrap it, JMH as one of several suppressed causes. */
    private static boolean ofInterruption(Throwable failure) {
      return failure instanceof InterruptedException
          || Stream.concat(
                  Optional.ofNullable(failure.getCause()).stream(),
                  Stream.of(failure.getSuppressed()))
              .anyMatch(Run::ofInterruption);
    }

    private void take(Figure figure) {
      if (!names.add(figure.name())) {
        throw new IllegalStateException(
            "two figures are called \"%s\": names are unique in a report".formatted(figure.name()));
      }
      figures.add(figure);
    }

    private void tidyUp(String name, Path directory) {
      // Deleting must not end half way because somebody asked to stop.
      stopped |= Thread.interrupted();
      try {
        new TemporaryDirectory(directory).close();
      } catch (IOException e) {
        failures.add(new Failure(name, e));
      }
    }
  }
}
