package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A merged directory that is changed while others read it, and by processes that are killed. */
class MoErgeChangeUnderFireTest {

  @TempDir Path directory;
  private Path merged;

  /** Adds and removes an expert until it is killed. */
  public static final class Restless {

    private Restless() {}

    /** Takes the merged directory and two experts of one name, in turn. */
    public static void main(String[] args) throws IOException {
      Path merged = Path.of(args[0]);
      for (int turn = 0; ; turn++) {
        if (MergedManifest.read(merged).indexOf("third").isPresent()) {
          MoErge.remove(merged, List.of("third"));
        }
        MoErge.add(merged, List.of(new MoErge.Expert("third", Path.of(args[1 + turn % 2]))));
        System.out.println("turn " + turn);
      }
    }
  }

  @BeforeEach
  void merge() throws IOException {
    merged = directory.resolve("merged");
    MoErge.merge(
        List.of(
            new MoErge.Expert("first", expert("first", 1)),
            new MoErge.Expert("second", expert("second", 2))),
        merged,
        MoErge.Options.DEFAULT);
    expert("third", 3);
    expert("other-third", 4);
  }

  @Test
  void shouldShowEveryReaderTheOldModelOrTheNew() throws Exception {
    MoErge.Expert third = new MoErge.Expert("third", directory.resolve("third"));
    MoErge.Expert other = new MoErge.Expert("third", directory.resolve("other-third"));
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    List<Future<Set<MergedManifest>>> readers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      readers.add(
          threads.submit(
              () -> {
                Set<MergedManifest> seen = new HashSet<>();
                while (!done.get()) {
                  seen.add(Whole.require(merged));
                }
                return seen;
              }));
    }

    Set<MergedManifest> written = new HashSet<>(Set.of(MergedManifest.read(merged)));
    try {
      for (int turn = 0; turn < 60; turn++) {
        written.add(MoErge.add(merged, List.of(turn % 2 == 0 ? third : other)).manifest());
        written.add(MoErge.remove(merged, List.of("third")).manifest());
      }
    } finally {
      done.set(true);
      threads.shutdown();
    }

    assertThat(written).hasSize(3);
    for (Future<Set<MergedManifest>> reader : readers) {
      assertThat(reader.get()).isSubsetOf(written).hasSizeGreaterThan(1);
    }
  }

  @Test
  void shouldBeWholeWheneverAChangeIsKilled() throws Exception {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);

    for (int kill = 0; kill < 8; kill++) {
      killAfter(random.nextInt(60));
      MergedManifest left = Whole.require(merged);
      assertThat(left.expertNames()).startsWith("first", "second");
    }

    // What the killed have left is in nobody's way, and gone after the next change.
    if (MergedManifest.read(merged).indexOf("third").isEmpty()) {
      MoErge.add(merged, List.of(new MoErge.Expert("third", directory.resolve("third"))));
    }
    MoErge.remove(merged, List.of("third"));
    Whole.require(merged);
    assertThat(merged.resolve("experts"))
        .isDirectoryNotContaining("glob:**/*third*")
        .isDirectoryNotContaining("glob:**/*.tmp");
    assertThat(merged).isDirectoryNotContaining("glob:**/*.tmp");
  }

  private void killAfter(int milliseconds) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Restless.class.getName(),
                merged.toString(),
                directory.resolve("third").toString(),
                directory.resolve("other-third").toString())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(output.readLine()).isEqualTo("turn 0");
      assertThat(process.waitFor(milliseconds, TimeUnit.MILLISECONDS)).isFalse();
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private Path expert(String name, long seed) throws IOException {
    return TestModel.random(TestModel.config("llama"), TensorType.F32, seed)
        .write(directory.resolve(name));
  }
}
