package io.dume.schemas.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.avro.Schema;

/**
 * The schemas that messages have had, from the archive in the resources: {@code index.txt} with a
 * line "version name" for each, and {@code <version>/<name>.avsc}. A message whose schema did not
 * change in a version has no entry there.
 */
final class SchemaHistory {
  /** Where the archive is, in the class path and below a directory of resources. */
  static final String ARCHIVE = "io/dume/schemas/history/";

  static final String INDEX = "index.txt";

  /**
   * @param version the version of the schemas that brought it, from 1
   * @param schema how the message looked from then on
   */
  record Entry(int version, Schema schema) {
    String name() {
      return schema.getName();
    }
  }

  private SchemaHistory() {}

  /**
   * Reads the archive.
   *
   * @return all entries, in the order of the versions
   * @throws IllegalStateException if the archive is damaged
   */
  static List<Entry> read() {
    return new String(resource(INDEX), StandardCharsets.UTF_8)
        .lines()
        .map(line -> line.split(" "))
        .map(entry -> new Entry(Integer.parseInt(entry[0]), schema(entry[0], entry[1])))
        .toList();
  }

  private static Schema schema(String version, String name) {
    String text = new String(resource(version + "/" + name + ".avsc"), StandardCharsets.UTF_8);
    return new Schema.Parser().parse(text);
  }

  private static byte[] resource(String name) {
    try (InputStream in =
        SchemaHistory.class.getClassLoader().getResourceAsStream(ARCHIVE + name)) {
      if (in == null) {
        throw new IllegalStateException(ARCHIVE + name + " is missing in the class path");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + ARCHIVE + name + " failed", e);
    }
  }
}
