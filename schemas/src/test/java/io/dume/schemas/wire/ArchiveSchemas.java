package io.dume.schemas.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Comparator.comparing;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/**
 * Not a test by its name: a build never runs it, only {@code mvn -pl schemas test
 * -Dtest=ArchiveSchemas} does. It archives the schema of every message that is not in the archive
 * as it is today, under the next version, with a sample of its bytes. Commit what it writes.
 *
 * <p>A version that no installation has run yet may be made anew, with {@code
 * -Ddume.schemas.version=<newest>}. Any other stays as it is for as long as its records may be
 * somewhere.
 */
class ArchiveSchemas {
  private static final String VERSION = "dume.schemas.version";
  private static final ObjectWriter JSON = new ObjectMapper().writerWithDefaultPrettyPrinter();

  private final Path main = Path.of("src/main/resources", SchemaHistory.ARCHIVE);
  private final Path samples = Path.of("src/test/resources", SchemaHistory.ARCHIVE);

  @Test
  void archivesTheMessagesThatChanged() throws IOException {
    int newest =
        SchemaHistory.read().stream().mapToInt(SchemaHistory.Entry::version).max().orElse(0);
    int version = Integer.getInteger(VERSION, newest + 1);
    assertThat(version).as(VERSION).isPositive().isBetween(newest, newest + 1);
    List<SchemaHistory.Entry> earlier =
        SchemaHistory.read().stream().filter(entry -> entry.version() < version).toList();
    List<Schema> changed =
        Stream.of(Wire.TYPES, StateRecords.TYPES)
            .flatMap(types -> types.schemas().stream())
            .filter(schema -> !Compatibility.isNewest(schema, earlier))
            .sorted(comparing(Schema::getName))
            .toList();

    List<String> index = new ArrayList<>();
    earlier.forEach(entry -> index.add(entry.version() + " " + entry.name()));
    List<String> bytes = new ArrayList<>();
    for (Schema schema : changed) {
      index.add(version + " " + schema.getName());
      bytes.add(schema.getName() + " " + HexFormat.of().formatHex(sample(schema)));
    }

    empty(main.resolve(Integer.toString(version)));
    empty(samples.resolve(Integer.toString(version)));
    for (Schema schema : changed) {
      Path file = main.resolve(version + "/" + schema.getName() + ".avsc");
      Files.writeString(
          file,
          JSON.writeValueAsString(new ObjectMapper().readTree(schema.toString())) + "\n",
          UTF_8);
    }
    Files.write(samples.resolve(version + "/" + SchemaSamples.FILE), bytes, UTF_8);
    Files.write(main.resolve(SchemaHistory.INDEX), index, UTF_8);
  }

  private static byte[] sample(Schema schema) {
    SpecificRecord message = RandomMessages.of(schema, new Random(schema.getName().hashCode()));
    return StateRecords.TYPES.schemas().contains(schema)
        ? StateRecords.encode(message)
        : Wire.encode(message);
  }

  private static void empty(Path directory) throws IOException {
    Files.createDirectories(directory);
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }
}
