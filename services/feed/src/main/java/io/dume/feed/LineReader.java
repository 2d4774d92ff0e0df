package io.dume.feed;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** Lines as bytes, ended by LF or CR LF; never more than one line of the largest size in memory. */
final class LineReader implements AutoCloseable {
  /**
   * A line.
   *
   * @param number from 1
   * @param bytes without its end; of a line that is too long its beginning
   * @param tooLong whether it has more bytes than allowed
   */
  record Line(long number, byte[] bytes, boolean tooLong) {
    boolean isBlank() {
      for (byte b : bytes) {
        if (b != ' ' && b != '\t') {
          return false;
        }
      }
      return true;
    }
  }

  private final InputStream in;
  private final int maxBytes;
  private long number;

  LineReader(InputStream in, int maxBytes) {
    this.in = new BufferedInputStream(in, 1 << 16);
    this.maxBytes = maxBytes;
  }

  Optional<Line> next() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    boolean tooLong = false;
    int b = in.read();
    if (b < 0) {
      return Optional.empty();
    }
    for (; b >= 0 && b != '\n'; b = in.read()) {
      if (bytes.size() < maxBytes) {
        bytes.write(b);
      } else {
        tooLong = true;
      }
    }
    number++;
    byte[] line = bytes.toByteArray();
    if (!tooLong && line.length > 0 && line[line.length - 1] == '\r') {
      line = java.util.Arrays.copyOf(line, line.length - 1);
    }
    return Optional.of(new Line(number, line, tooLong));
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
