package io.dume.schemas.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.message.TokenBatch;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The build's check of every change of a schema. The package's description says what it asks. */
class SchemaEvolutionTest {
  private static final List<SchemaHistory.Entry> HISTORY = SchemaHistory.read();

  static List<Schema> today() {
    return Stream.of(Wire.TYPES, StateRecords.TYPES)
        .flatMap(types -> types.schemas().stream())
        .toList();
  }

  static List<SchemaHistory.Entry> archived() {
    return HISTORY;
  }

  private static Optional<Schema> today(String name) {
    return today().stream().filter(schema -> schema.getName().equals(name)).findAny();
  }

  @ParameterizedTest
  @MethodSource("today")
  void shouldHaveEveryMessageInTheArchiveAsItIsToday(Schema schema) {
    boolean archived = Compatibility.isNewest(schema, HISTORY);

    assertThat(archived)
        .as(
            "%s is in the archive as it is today. If not: run"
                + " `mvn -pl schemas test -Dtest=ArchiveSchemas` and commit what it writes",
            schema.getName())
        .isTrue();
  }

  @ParameterizedTest
  @MethodSource("archived")
  void shouldReadEveryArchivedVersionToday(SchemaHistory.Entry entry) {
    Optional<List<String>> problems =
        today(entry.name()).map(schema -> Compatibility.unreadable(schema, entry.schema()));

    assertThat(problems)
        .as(
            "what hinders today's %s to read version %d; none if the message is gone",
            entry.name(), entry.version())
        .contains(List.of());
  }

  /** For people who upgrade: not required, since no service reads what a later one writes. */
  @Test
  void shouldTellWhichArchivedVersionsCouldReadTodaysRecords() {
    Map<Boolean, List<SchemaHistory.Entry>> byForward =
        HISTORY.stream()
            .collect(
                Collectors.partitioningBy(
                    entry ->
                        today(entry.name())
                            .filter(it -> Compatibility.unreadable(entry.schema(), it).isEmpty())
                            .isPresent()));

    byForward
        .get(false)
        .forEach(
            entry ->
                System.out.printf(
                    "Version %d of %s cannot read today's, even if it knew the schema%n",
                    entry.version(), entry.name()));
    assertThat(byForward.get(true)).containsAll(newest());
  }

  private static List<SchemaHistory.Entry> newest() {
    return HISTORY.stream()
        .filter(entry -> Compatibility.isNewest(entry.schema(), HISTORY))
        .toList();
  }

  @Test
  void shouldHaveInTheIndexWhatTheArchiveHolds() throws IOException, URISyntaxException {
    Path root =
        Path.of(
            SchemaHistory.class
                .getClassLoader()
                .getResource(SchemaHistory.ARCHIVE + SchemaHistory.INDEX)
                .toURI());
    Set<String> files;
    try (Stream<Path> found = Files.walk(root.getParent())) {
      files =
          found
              .filter(file -> file.toString().endsWith(".avsc"))
              .map(file -> root.getParent().relativize(file).toString().replace('\\', '/'))
              .collect(Collectors.toCollection(TreeSet::new));
    }

    Set<String> index =
        HISTORY.stream()
            .map(entry -> entry.version() + "/" + entry.name() + ".avsc")
            .collect(Collectors.toSet());

    assertThat(index).isEqualTo(files);
  }

  @Test
  void shouldKnowEveryRecordAsAMessageAStateRecordOrAPartOfOne()
      throws IOException, URISyntaxException {
    Path generated =
        Path.of(TokenBatch.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .resolve("io/dume/schemas/message");
    Set<String> records;
    try (Stream<Path> files = Files.list(generated)) {
      records =
          files
              .map(file -> file.getFileName().toString())
              .filter(file -> file.endsWith(".class") && !file.contains("$"))
              .map(file -> file.replace(".class", ""))
              .filter(SchemaEvolutionTest::isRecord)
              .collect(Collectors.toCollection(TreeSet::new));
    }

    Set<String> known = new HashSet<>();
    today().forEach(schema -> visit(schema, known));

    assertThat(records)
        .as("records; one that travels by itself is to be added to Wire or StateRecords")
        .isNotEmpty()
        .isSubsetOf(known);
  }

  private static boolean isRecord(String name) {
    try {
      return SpecificRecord.class.isAssignableFrom(
          Class.forName(TokenBatch.class.getPackageName() + "." + name));
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  /** Collects the names of all records in a schema. */
  private static void visit(Schema schema, Set<String> records) {
    switch (schema.getType()) {
      case RECORD -> {
        if (records.add(schema.getName())) {
          schema.getFields().forEach(field -> visit(field.schema(), records));
        }
      }
      case ARRAY -> visit(schema.getElementType(), records);
      case UNION -> schema.getTypes().forEach(branch -> visit(branch, records));
      default -> {
        // Nothing inside.
      }
    }
  }

  static Stream<Schema> todayAndArchived() {
    return Stream.concat(today().stream(), HISTORY.stream().map(SchemaHistory.Entry::schema));
  }

  /** What the decoder's bound on counts rests on. */
  @ParameterizedTest
  @MethodSource("todayAndArchived")
  void shouldHaveNoArrayOfItemsWithoutBytes(Schema schema) {
    Set<Schema> items = new HashSet<>();
    items(schema, new HashSet<>(), items);

    assertThat(items).allMatch(item -> leastBytes(item) > 0);
  }

  private static void items(Schema schema, Set<String> seen, Set<Schema> items) {
    switch (schema.getType()) {
      case RECORD -> {
        if (seen.add(schema.getFullName())) {
          schema.getFields().forEach(field -> items(field.schema(), seen, items));
        }
      }
      case ARRAY -> {
        items.add(schema.getElementType());
        items(schema.getElementType(), seen, items);
      }
      case UNION -> schema.getTypes().forEach(branch -> items(branch, seen, items));
      default -> {
        // Nothing inside.
      }
    }
  }

  private static int leastBytes(Schema schema) {
    return switch (schema.getType()) {
      case NULL -> 0;
      case RECORD -> schema.getFields().stream().mapToInt(it -> leastBytes(it.schema())).sum();
      case FIXED -> schema.getFixedSize();
      default -> 1;
    };
  }

  // ---------------------------------------------------------------- the check itself

  private static final String GOOD =
      """
      {"type": "record", "name": "Message", "namespace": "test", "fields": [
        {"name": "number", "type": "int"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
        {"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 16}},
        {"name": "parts", "type": {"type": "array", "items":
          {"type": "record", "name": "Part", "fields": [
            {"name": "since", "type": ["null",
              {"type": "long", "logicalType": "timestamp-millis"}], "default": null}]}}}
      ]}""";

  private static Schema parse(String text) {
    return new Schema.Parser().parse(text);
  }

  /** The good schema with one change. */
  private static Schema changed(String from, String to) {
    assertThat(GOOD).contains(from);
    return parse(GOOD.replace(from, to));
  }

  static Stream<Schema> incompatible() {
    return Stream.of(
        changed("\"fields\": [\n", "\"fields\": [ {\"name\": \"new\", \"type\": \"int\"},\n"),
        changed("\"name\": \"number\"", "\"name\": \"count\""),
        changed("\"type\": \"int\"", "\"type\": \"string\""),
        changed("[\"A\", \"B\"]", "[\"A\"]"),
        changed("\"size\": 16", "\"size\": 32"),
        changed("\"name\": \"Message\"", "\"name\": \"Other\""),
        // In the record and in its part, in the record alone, in the part alone.
        changed("timestamp-millis", "timestamp-micros"),
        changed(
            "\"name\": \"at\", \"type\": {\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}",
            "\"name\": \"at\", \"type\": \"long\""),
        changed(
            "[\"null\",\n        {\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}]",
            "[\"null\", {\"type\": \"long\", \"logicalType\": \"timestamp-micros\"}]"));
  }

  @ParameterizedTest
  @MethodSource("incompatible")
  void shouldRefuseAChangeThatCannotReadWhatWasWritten(Schema bad) {
    List<String> problems = Compatibility.unreadable(bad, parse(GOOD));

    assertThat(problems).isNotEmpty();
  }

  static Stream<Schema> compatible() {
    return Stream.of(
        parse(GOOD),
        changed(
            "\"fields\": [\n",
            "\"fields\": [ {\"name\": \"new\", \"type\": \"int\", \"default\": 0},\n"),
        changed("{\"name\": \"number\", \"type\": \"int\"},", ""),
        changed("\"type\": \"int\"", "\"type\": \"long\""),
        changed("[\"A\", \"B\"]", "[\"B\", \"C\", \"A\"]"));
  }

  @ParameterizedTest
  @MethodSource("compatible")
  void shouldAllowAChangeThatReadsWhatWasWritten(Schema good) {
    List<String> problems = Compatibility.unreadable(good, parse(GOOD));

    assertThat(problems).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("compatible")
  void shouldNoticeThatAChangeIsNotInTheArchive(Schema changed) {
    List<SchemaHistory.Entry> history = List.of(new SchemaHistory.Entry(1, parse(GOOD)));

    assertThat(Compatibility.isNewest(changed, history)).isEqualTo(changed.equals(parse(GOOD)));
  }

  @Test
  void shouldNoticeThatAMessageWentBackToAnEarlierSchema() {
    Schema later = changed("\"type\": \"int\"", "\"type\": \"long\"");
    List<SchemaHistory.Entry> history =
        List.of(new SchemaHistory.Entry(1, parse(GOOD)), new SchemaHistory.Entry(2, later));

    assertThat(Compatibility.isNewest(parse(GOOD), history)).isFalse();
  }
}
