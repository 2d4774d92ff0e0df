package io.dume.schemas.wire;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;

/** What the build asks of the schemas: see the package's description for why. */
final class Compatibility {
  private Compatibility() {}

  /** True if the schema, defaults included, is the last one of its message in the archive. */
  static boolean isNewest(Schema schema, List<SchemaHistory.Entry> history) {
    return history.stream()
        .filter(entry -> entry.schema().getFullName().equals(schema.getFullName()))
        .reduce((earlier, later) -> later)
        .filter(newest -> newest.schema().equals(schema))
        .isPresent();
  }

  /**
   * What a reader cannot make of a writer's records.
   *
   * @return for people; empty if it can read them all
   */
  static List<String> unreadable(Schema reader, Schema writer) {
    List<String> problems = new ArrayList<>();
    SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
        .getResult()
        .getIncompatibilities()
        .forEach(
            it ->
                problems.add(
                    "%s at %s: %s".formatted(it.getType(), it.getLocation(), it.getMessage())));
    otherMeanings(reader.getName(), reader, writer, new HashSet<>(), problems);
    return problems;
  }

  /** Logical types are in no fingerprint, and Avro compares none: milliseconds read as micros. */
  private static void otherMeanings(
      String at, Schema reader, Schema writer, Set<String> seen, List<String> problems) {
    if (reader.getType() != writer.getType()) {
      return;
    }
    if (!java.util.Objects.equals(reader.getLogicalType(), writer.getLogicalType())) {
      problems.add(
          "LOGICAL_TYPE_CHANGED at %s: %s is read as %s"
              .formatted(at, writer.getLogicalType(), reader.getLogicalType()));
    }
    switch (reader.getType()) {
      case RECORD -> {
        if (seen.add(reader.getFullName())) {
          for (Schema.Field field : reader.getFields()) {
            Schema.Field written = writer.getField(field.name());
            if (written != null) {
              otherMeanings(
                  at + "." + field.name(), field.schema(), written.schema(), seen, problems);
            }
          }
        }
      }
      case ARRAY ->
          otherMeanings(
              at + "[]", reader.getElementType(), writer.getElementType(), seen, problems);
      case UNION -> {
        for (Schema branch : reader.getTypes()) {
          writer.getTypes().stream()
              .filter(other -> other.getFullName().equals(branch.getFullName()))
              .forEach(other -> otherMeanings(at, branch, other, seen, problems));
        }
      }
      default -> {
        // Nothing inside.
      }
    }
  }
}
