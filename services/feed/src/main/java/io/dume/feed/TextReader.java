package io.dume.feed;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/** One text: a document, or one between each two blank lines. */
final class TextReader implements SourceReader {
  private static final String FILE_SOURCE = "file";
  private static final String STREAM_SOURCE = "stream";

  private final InputStream in;
  private final LineReader lines;
  private final String domain;
  private final Optional<String> path;
  private final FeedSource.Split split;
  private final int maxBytes;
  private int ordinal;
  private boolean ended;

  /**
   * @param path names the text, or nothing for a stream that has no name
   */
  TextReader(
      InputStream in, String domain, Optional<String> path, FeedSource.Split split, int maxBytes) {
    this.in = in;
    this.lines = new LineReader(in, maxBytes);
    this.domain = domain;
    this.path = path;
    this.split = split;
    this.maxBytes = maxBytes;
  }

  @Override
  public Optional<Reading> next() throws IOException {
    if (split == FeedSource.Split.BLANK_LINES) {
      return paragraph();
    }
    if (ended) {
      return Optional.empty();
    }
    ended = true;
    byte[] bytes = in.readNBytes(maxBytes + 1);
    return Optional.of(document(bytes, bytes.length > maxBytes, where()));
  }

  private Optional<Reading> paragraph() throws IOException {
    Optional<LineReader.Line> line = lines.next();
    while (line.isPresent() && line.get().isBlank()) {
      line = lines.next();
    }
    if (line.isEmpty()) {
      return Optional.empty();
    }
    String where = where() + ":" + line.get().number();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    boolean tooLarge = false;
    for (; line.isPresent() && !line.get().isBlank(); line = lines.next()) {
      if (bytes.size() > 0) {
        bytes.write('\n');
      }
      tooLarge |= line.get().tooLong() || bytes.size() + line.get().bytes().length > maxBytes;
      if (!tooLarge) {
        bytes.writeBytes(line.get().bytes());
      }
    }
    return Optional.of(document(bytes.toByteArray(), tooLarge, where));
  }

  private Reading document(byte[] bytes, boolean tooLarge, String where) {
    int number = ordinal++;
    if (tooLarge) {
      return new Reading.Unusable(
          where,
          SetAsideDocument.DOCUMENT_TOO_LARGE,
          "more than %d bytes: raise the limit, or split the text at blank lines",
          maxBytes);
    }
    try {
      String text = Utf8.decode(bytes);
      return new Reading.Document(
          domain,
          path.isPresent() ? FILE_SOURCE : STREAM_SOURCE,
          path.orElseGet(() -> hash(text)) + "#" + number,
          text,
          where);
    } catch (UnusableException e) {
      return e.at(where);
    }
  }

  private String where() {
    return path.orElse("-");
  }

  private static String hash(String text) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha256.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
