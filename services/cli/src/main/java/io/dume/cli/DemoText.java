package io.dume.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A domain's training text in the two parts that a demo feeds, as the lines of JSON that it is: one
 * short document, and the others. No document is in both.
 *
 * @param lines a document each
 * @param first index of the short one
 */
record DemoText(List<String> lines, int first) {

  /** What a token of this text has on average, rounded down so that there is rather more. */
  private static final int BYTES_PER_TOKEN = 3;

  /** Among so many of the first documents the shortest is looked for. */
  private static final int CANDIDATES = 50;

  DemoText {
    lines = List.copyOf(lines);
  }

  /**
   * Reads a domain's text.
   *
   * @param file documents, one JSON object a line
   */
  static DemoText read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    int shortest = 0;
    for (int n = 1; n < Math.min(CANDIDATES, lines.size()); n++) {
      if (lines.get(n).length() < lines.get(shortest).length()) {
        shortest = n;
      }
    }
    return new DemoText(lines, shortest);
  }

  /** The shortest of the first documents. */
  InputStream shortest() {
    return new ByteArrayInputStream(bytes(lines.get(first)));
  }

  /**
   * The other documents, in order.
   *
   * @param tokens until there are about so many
   */
  InputStream rest(long tokens) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (int n = 0; n < lines.size() && text.size() / BYTES_PER_TOKEN < tokens; n++) {
      if (n != first) {
        text.writeBytes(bytes(lines.get(n)));
      }
    }
    return new ByteArrayInputStream(text.toByteArray());
  }

  private static byte[] bytes(String line) {
    return (line + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
