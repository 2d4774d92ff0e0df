package io.dume.models;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The right to change the experts of a merged directory in place: one at a time, or two would each
 * write a list without the other's expert. Readers need none. The system takes it back from a
 * process that was killed; the empty file stays.
 */
final class ChangeLock implements AutoCloseable {

  static final String FILE = ".dume.lock";

  /**
   * Directories that threads of this process hold. A file lock is the whole process's, and on some
   * systems a second channel to the file that is closed would give it up.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final FileChannel channel;

  private ChangeLock(Path directory, FileChannel channel) {
    this.directory = directory;
    this.channel = channel;
  }

  static ChangeLock take(Path merged) throws IOException {
    Path directory = merged.toRealPath();
    if (!HELD.add(directory)) {
      throw taken(merged);
    }
    try {
      FileChannel channel =
          FileChannel.open(
              directory.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (channel.tryLock() == null) {
        channel.close();
        throw taken(merged);
      }
      return new ChangeLock(directory, channel);
    } catch (IOException | RuntimeException e) {
      HELD.remove(directory);
      throw e;
    }
  }

  private static IllegalArgumentException taken(Path merged) {
    return new IllegalArgumentException(
        merged + ": its experts are being changed by someone else: start again afterwards");
  }

  /** Returns the directory, without symbolic links. */
  Path directory() {
    return directory;
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(directory);
    }
  }
}
