package io.dume.cli;

import io.dume.demo.DemoAssets;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A stretch of a domain's training text, as the lines of JSON that it is. */
final class DemoText {

  /** What a token of this text has on average, rounded down so that there is rather more. */
  private static final int BYTES_PER_TOKEN = 3;

  private DemoText() {}

  /**
   * Some documents.
   *
   * @param skip so many of the first are left out
   * @param documents at most so many
   * @param tokens until there are about so many
   */
  static InputStream of(Path directory, String domain, int skip, int documents, long tokens)
      throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try (BufferedReader lines =
        Files.newBufferedReader(DemoAssets.corpus(directory, domain, DemoAssets.Split.TRAIN))) {
      for (int n = 0; n < skip; n++) {
        lines.readLine();
      }
      String line = lines.readLine();
      for (int n = 0; line != null && n < documents; n++) {
        text.writeBytes((line + "\n").getBytes(StandardCharsets.UTF_8));
        if (text.size() > tokens * BYTES_PER_TOKEN) {
          break;
        }
        line = lines.readLine();
      }
    }
    return new ByteArrayInputStream(text.toByteArray());
  }
}
