package io.dume.accumulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sole ownership of a state directory, and the decision whether what is in it can be trusted.
 *
 * <p>Streams takes a store for what its checkpoint says of it. Where files were lost, RocksDB can
 * open what is left as a store that is whole but empty, and sums would be missing without a word.
 * So the files of a task are used only if they are the ones, each with the length, that a clean
 * close left behind, and a list of them says so; otherwise they are deleted and Streams restores
 * the task from its changelogs. The list is deleted as soon as it was read: after a kill there is
 * none, and then exactly-once Streams would restore as well.
 *
 * <p>Owned by one thread at a time.
 */
final class StateFiles implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StateFiles.class);

  private static final String LOCK = "accumulator.lock";
  private static final String LIST = "closed.list";

  /** The last line: a list that was cut off lacks it. */
  private static final String END = "end";

  private final Path directory;
  private final FileChannel lock;

  private StateFiles(Path directory, FileChannel lock) {
    this.directory = directory;
    this.lock = lock;
  }

  /**
   * Takes the directory, and deletes in it what can't be trusted.
   *
   * @param directory made if it does not exist
   * @throws AccumulatorException if it can't be used, or another accumulator uses it
   */
  static StateFiles open(Path directory) {
    StateFiles files = new StateFiles(directory, lock(directory));
    try {
      files.deleteUntrusted();
      return files;
    } catch (IOException e) {
      files.close();
      throw unusable(directory, e);
    } catch (RuntimeException e) {
      files.close();
      throw e;
    }
  }

  private static FileChannel lock(Path directory) {
    FileChannel channel;
    try {
      Files.createDirectories(directory);
      channel =
          FileChannel.open(
              directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw unusable(directory, e);
    }
    try {
      FileLock taken = channel.tryLock();
      if (taken != null) {
        return channel;
      }
      channel.close();
    } catch (OverlappingFileLockException e) {
      closeAfter(channel, e);
    } catch (IOException e) {
      closeAfter(channel, e);
      throw unusable(directory, e);
    }
    throw new AccumulatorException(
        "state directory %s is in use by another accumulator; give each its own"
            .formatted(directory.toAbsolutePath()));
  }

  private static void closeAfter(FileChannel channel, Exception cause) {
    try {
      channel.close();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private static AccumulatorException unusable(Path directory, IOException cause) {
    return new AccumulatorException(
        StateFailure.of(directory, cause)
            .orElseGet(
                () ->
                    "state directory %s can't be read or written (%s); check its path and permissions"
                        .formatted(directory.toAbsolutePath(), cause)),
        cause);
  }

  private void deleteUntrusted() throws IOException {
    Path list = directory.resolve(LIST);
    Map<Path, Map<Path, Long>> listed = Files.exists(list) ? read(list) : Map.of();
    Map<Path, Map<Path, Long>> found = tasks();
    Files.deleteIfExists(list);
    int deleted = 0;
    for (Map.Entry<Path, Map<Path, Long>> task : found.entrySet()) {
      if (!task.getValue().equals(listed.get(task.getKey()))) {
        deleteAll(directory.resolve(task.getKey()));
        deleted++;
      }
    }
    if (deleted > 0) {
      LOG.info(
          "{} of {} tasks in state directory {} are not as a clean stop left them, and are restored from their changelogs",
          deleted,
          found.size(),
          directory);
    }
  }

  /**
   * Says of the files that are there now that they can be trusted. Only after a clean stop.
   *
   * @throws AccumulatorException if that can't be written; nothing is lost then, but the next start
   *     restores
   */
  void trust() {
    List<String> lines = new ArrayList<>();
    try {
      tasks()
          .values()
          .forEach(files -> files.forEach((file, length) -> lines.add(length + " " + file)));
      lines.add(END);
      Path partial = directory.resolve(LIST + ".partial");
      Files.write(partial, lines);
      Files.move(partial, directory.resolve(LIST), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw unusable(directory, e);
    }
  }

  private static Map<Path, Map<Path, Long>> read(Path list) throws IOException {
    List<String> lines = Files.readAllLines(list, StandardCharsets.UTF_8);
    if (lines.isEmpty() || !lines.get(lines.size() - 1).equals(END)) {
      return Map.of();
    }
    Map<Path, Map<Path, Long>> tasks = new HashMap<>();
    for (String line : lines.subList(0, lines.size() - 1)) {
      int space = line.indexOf(' ');
      Path file = Path.of(line.substring(space + 1));
      tasks
          .computeIfAbsent(task(file), t -> new TreeMap<>())
          .put(file, Long.parseLong(line.substring(0, space)));
    }
    return tasks;
  }

  /** The files of each task, APPLICATION/TASK/…, with their lengths; all paths relative. */
  private Map<Path, Map<Path, Long>> tasks() throws IOException {
    Map<Path, Map<Path, Long>> tasks = new TreeMap<>();
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes attributes) {
            Path relative = directory.relativize(visited);
            if (!visited.equals(directory) && relative.getNameCount() == 2) {
              tasks.put(relative, new TreeMap<>());
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            Path relative = directory.relativize(file);
            // What stands above the tasks names the process, and outlives their files.
            if (relative.getNameCount() > 2) {
              tasks.get(task(relative)).put(relative, attributes.size());
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return tasks;
  }

  private static Path task(Path file) {
    return file.subpath(0, 2);
  }

  private static void deleteAll(Path root) throws IOException {
    Files.walkFileTree(
        root,
        Set.of(),
        Integer.MAX_VALUE,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Gives the directory back. */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw new UncheckedIOException("the lock of the state directory can't be released", e);
    }
  }
}
