package io.dume.schemas.wire;

import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.specific.SpecificRecord;

/**
 * A writer's schema that came from outside, as from a schema registry, and was checked: messages in
 * it are read as today's within the same bounds as those of this system. Immutable and thread-safe.
 *
 * <p>A schema can be an attack of its own. Refused is one whose arrays have items without bytes,
 * since a count would then cost nothing; one that holds itself, since every level of nesting takes
 * the reader's stack; and one that grows large when it is written out, since records without bytes
 * take time.
 */
public final class ForeignSchema {
  /** Fields and types, counted wherever they are used; today's messages have far fewer. */
  private static final int MAX_NODES = 1000;

  private static final int LONGEST_PROBLEM = 500;

  private final MessageSet.Written written;
  private final boolean ours;

  private ForeignSchema(MessageSet.Written written, boolean ours) {
    this.written = written;
    this.ours = ours;
  }

  /**
   * Checks a schema.
   *
   * @param writer the schema, complete
   * @return what reads messages in it
   * @throws MalformedMessageException if it is no schema of a message here, today's cannot read it,
   *     or it could do harm
   */
  public static ForeignSchema of(Schema writer) throws MalformedMessageException {
    var archived = Wire.TYPES.written(writer);
    if (archived.isPresent()) {
      return new ForeignSchema(archived.get(), true);
    }
    MessageSet.Type type =
        Wire.TYPES
            .type(writer.getFullName())
            .orElseThrow(
                () ->
                    new MalformedMessageException(
                        "the writer's schema is of %s, which is no message here"
                            .formatted(brief(writer.getFullName()))));
    new Harmless().check(writer);
    var compatibility = SchemaCompatibility.checkReaderWriterCompatibility(type.schema(), writer);
    if (compatibility.getType() != SchemaCompatibilityType.COMPATIBLE) {
      throw new MalformedMessageException(
          "the writer's schema of a %s can't be read as today's: %s"
              .formatted(
                  type.name(), brief(compatibility.getResult().getIncompatibilities().toString())));
    }
    return new ForeignSchema(new MessageSet.Written(type, writer), false);
  }

  /**
   * Decodes a message in this schema.
   *
   * @param bytes the message with whatever is in front of it
   * @param offset where the binary body begins; it has all the rest
   * @return the message, fields that its writer did not know at their defaults
   * @throws MalformedMessageException if the body is broken, truncated, has trailing bytes, or
   *     claims sizes that it does not have
   */
  public SpecificRecord decode(byte[] bytes, int offset) throws MalformedMessageException {
    SpecificRecord message = Wire.TYPES.decode(written, bytes, offset);
    // Avro reads a writer's bytes as a string too, and those pass the limit of strings by.
    return ours ? message : Wire.decode(Wire.encode(message));
  }

  private static String brief(String text) {
    return text.length() <= LONGEST_PROBLEM ? text : text.substring(0, LONGEST_PROBLEM) + "...";
  }

  /** Walks a schema as a reader would. */
  private static final class Harmless {
    private final Deque<String> within = new ArrayDeque<>();
    private int nodes;

    /** Returns the least bytes that a value has, at most 1. */
    int check(Schema schema) throws MalformedMessageException {
      if (++nodes > MAX_NODES) {
        throw new MalformedMessageException(
            "the writer's schema has more than %d fields and types".formatted(MAX_NODES));
      }
      return switch (schema.getType()) {
        case RECORD -> record(schema);
        case ARRAY -> array(schema);
        case MAP -> {
          check(schema.getValueType());
          yield 1;
        }
        case UNION -> {
          for (Schema branch : schema.getTypes()) {
            check(branch);
          }
          yield 1;
        }
        case FIXED -> Math.min(1, schema.getFixedSize());
        case NULL -> 0;
        default -> 1;
      };
    }

    private int record(Schema schema) throws MalformedMessageException {
      if (within.contains(schema.getFullName())) {
        throw new MalformedMessageException(
            "the writer's schema holds %s within itself".formatted(brief(schema.getFullName())));
      }
      within.push(schema.getFullName());
      int least = 0;
      for (Schema.Field field : schema.getFields()) {
        least = Math.max(least, check(field.schema()));
      }
      within.pop();
      return least;
    }

    private int array(Schema schema) throws MalformedMessageException {
      if (check(schema.getElementType()) == 0) {
        throw new MalformedMessageException(
            "the writer's schema has an array of items without bytes");
      }
      return 1;
    }
  }
}
