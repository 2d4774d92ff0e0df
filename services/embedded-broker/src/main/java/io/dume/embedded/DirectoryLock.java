package io.dume.embedded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Sole ownership of a data directory for as long as this object is open.
 *
 * <p>The lock is the operating system's, so it is gone with the process however that ends. The file
 * stays and holds the process id of its last owner, for the message alone.
 */
final class DirectoryLock implements AutoCloseable {

  private static final String FILE = "broker.lock";

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock or says who has it.
   *
   * @throws EmbeddedBrokerException if this or another process owns the directory, or it cannot be
   *     written
   */
  static DirectoryLock take(Path directory) {
    FileChannel channel = open(directory);
    try {
      FileLock lock = channel.tryLock(Long.MAX_VALUE - 1, 1, false);
      if (lock == null) {
        throw inUse(directory, "by " + owner(channel).orElse("another process"));
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)),
          0);
      return new DirectoryLock(channel);
    } catch (OverlappingFileLockException e) {
      closeAfter(channel, e);
      throw inUse(directory, "by another broker of this process");
    } catch (IOException e) {
      closeAfter(channel, e);
      throw unwritable(directory, e);
    } catch (EmbeddedBrokerException e) {
      closeAfter(channel, e);
      throw e;
    }
  }

  private static FileChannel open(Path directory) {
    try {
      Files.createDirectories(directory);
      return FileChannel.open(
          directory.resolve(FILE),
          StandardOpenOption.CREATE,
          StandardOpenOption.READ,
          StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  private static EmbeddedBrokerException inUse(Path directory, String by) {
    return new EmbeddedBrokerException(
        "data directory "
            + directory.toAbsolutePath()
            + " is in use "
            + by
            + "; stop that one first, or choose another data directory");
  }

  private static EmbeddedBrokerException unwritable(Path directory, IOException cause) {
    return new EmbeddedBrokerException(
        "data directory "
            + directory.toAbsolutePath()
            + " cannot be created or written ("
            + cause
            + "); check its path, permissions and free space",
        cause);
  }

  /** The owner's process id, when the file holds one; the lock covers a byte far behind it. */
  private static Optional<String> owner(FileChannel channel) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(32);
    channel.read(content, 0);
    String pid = new String(content.array(), 0, content.position(), StandardCharsets.UTF_8).strip();
    return pid.isEmpty() ? Optional.empty() : Optional.of("process " + pid);
  }

  private static void closeAfter(FileChannel channel, Exception cause) {
    try {
      channel.close();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new EmbeddedBrokerException("the lock of the data directory cannot be released", e);
    }
  }
}
