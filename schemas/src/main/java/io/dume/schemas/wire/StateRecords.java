package io.dume.schemas.wire;

import io.dume.schemas.message.FoldProgress;
import io.dume.schemas.message.OpenFlush;
import io.dume.schemas.message.SequencerProgress;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/**
 * The records of state stores to bytes and back, in the encoding of {@link Wire}. They travel
 * through changelogs alone, so they are no messages, but a store outlives the version that wrote
 * it: records of every archived schema are read as today's. All methods are thread-safe.
 */
public final class StateRecords {
  // A store is not hostile: what was written must be readable, however long its strings are.
  static final MessageSet TYPES =
      new MessageSet(
          Integer.MAX_VALUE,
          List.of(new SequencerProgress(), new FoldProgress(), new OpenFlush()),
          SchemaHistory.read());

  private StateRecords() {}

  /**
   * Encodes a record.
   *
   * @param record any record type of a state store
   * @return marker, fingerprint and body, as the generated {@code toByteBuffer} gives them
   * @throws IllegalArgumentException if no state store has the type
   */
  public static byte[] encode(SpecificRecord record) {
    return TYPES.encode(record);
  }

  /**
   * Decodes a record that this or an earlier version wrote.
   *
   * @param bytes what the store held
   * @param expected the type of the record
   * @param <T> the type of the record
   * @return the record, fields that its writer did not know at their defaults
   * @throws IllegalStateException if the bytes are broken or a later version wrote them
   */
  public static <T extends SpecificRecord> T decode(byte[] bytes, Class<T> expected) {
    try {
      return TYPES.decode(bytes, expected);
    } catch (MalformedMessageException e) {
      throw new IllegalStateException(
          "the state store holds no %s that can be read: %s. A later version of the service may"
                  .formatted(expected.getSimpleName(), e.getMessage())
              + " have written it: start that one again",
          e);
    }
  }
}
