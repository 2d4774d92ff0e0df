package io.dume.accumulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFilesTest {
  private static final String NAME = "dume.fold/kafka-streams-process-metadata";
  private static final String FIRST = "dume.fold/0_0/rocksdb/sums/000012.sst";
  private static final String FIRST_CHECKPOINT = "dume.fold/0_0/.checkpoint";
  private static final String SECOND = "dume.fold/0_1/rocksdb/sums/000007.sst";
  private static final String SEQUENCER = "dume.sequencer/0_0/rocksdb/memory/CURRENT";

  @TempDir Path state;

  @BeforeEach
  void stopInOrder() throws IOException {
    for (String file : List.of(NAME, FIRST, FIRST_CHECKPOINT, SECOND, SEQUENCER)) {
      Path path = state.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, file);
    }
    try (StateFiles files = StateFiles.open(state)) {
      // Nothing vouched for these, so they were deleted; a service would have made them again.
      assertThat(taskFiles()).isEmpty();
      for (String file : List.of(FIRST, FIRST_CHECKPOINT, SECOND, SEQUENCER)) {
        Files.createDirectories(state.resolve(file).getParent());
        Files.writeString(state.resolve(file), file);
      }
      files.trust();
    }
  }

  /** The files below the tasks, sorted. */
  private List<String> taskFiles() throws IOException {
    try (Stream<Path> all = Files.walk(state)) {
      return all.filter(Files::isRegularFile)
          .map(file -> state.relativize(file).toString())
          .filter(file -> file.chars().filter(c -> c == '/').count() > 1)
          .sorted()
          .toList();
    }
  }

  private void reopen() {
    StateFiles.open(state).close();
  }

  @Test
  void shouldKeepWhatIsAsACleanStopLeftIt() throws IOException {
    reopen();

    assertThat(taskFiles()).containsExactly(FIRST_CHECKPOINT, FIRST, SECOND, SEQUENCER);
  }

  @Test
  void shouldDeleteATaskThatLacksAFileAndKeepTheOthers() throws IOException {
    Files.delete(state.resolve(FIRST));

    reopen();

    assertThat(taskFiles()).containsExactly(SECOND, SEQUENCER);
  }

  @Test
  void shouldDeleteATaskWithAShorterFile() throws IOException {
    Files.writeString(state.resolve(SECOND), "short");

    reopen();

    assertThat(taskFiles()).containsExactly(FIRST_CHECKPOINT, FIRST, SEQUENCER);
  }

  @Test
  void shouldDeleteATaskWithAFileThatNobodyKnows() throws IOException {
    Files.writeString(state.resolve("dume.fold/0_1/rocksdb/sums/000008.sst"), "new");

    reopen();

    assertThat(taskFiles()).containsExactly(FIRST_CHECKPOINT, FIRST, SEQUENCER);
  }

  @Test
  void shouldTrustNothingAfterAProcessThatWasKilled() throws IOException {
    reopen();

    // Opened, and never said to be trusted again.
    reopen();

    assertThat(taskFiles()).isEmpty();
  }

  @Test
  void shouldTrustNothingByAListThatWasCutOff() throws IOException {
    Path list = state.resolve("closed.list");
    List<String> lines = Files.readAllLines(list);
    Files.write(list, lines.subList(0, lines.size() - 1));

    reopen();

    assertThat(taskFiles()).isEmpty();
  }

  @Test
  void shouldKeepTheNameOfTheProcessWhateverItDeletes() throws IOException {
    Files.delete(state.resolve("closed.list"));

    reopen();

    assertThat(state.resolve(NAME)).content().isEqualTo(NAME);
  }

  @Test
  void shouldRefuseADirectoryThatIsInUse() {
    try (StateFiles owner = StateFiles.open(state)) {
      assertThatExceptionOfType(AccumulatorException.class)
          .isThrownBy(() -> StateFiles.open(state))
          .withMessageContaining(state.toAbsolutePath().toString())
          .withMessageContaining("give each its own");
      assertThat(owner).isNotNull();
    }
  }

  @Test
  void shouldNameADirectoryThatCanNotBeMade() throws IOException {
    Path file = Files.writeString(state.resolve("file"), "");

    assertThatExceptionOfType(AccumulatorException.class)
        .isThrownBy(() -> StateFiles.open(file.resolve("below")))
        .withMessageContaining(file.resolve("below").toAbsolutePath().toString())
        .withMessageContaining("check its path");
  }
}
