package io.dume.schemas.wire;

import java.util.function.BooleanSupplier;
import org.apache.avro.specific.SpecificRecord;

/**
 * How the messages look that others than this system write and read: those of token-batches,
 * router-versions and dead-letters. All other topics, and state, are encoded by {@link Wire} alone.
 *
 * <p>Every format reads single-object messages too, so a topic may be mixed. Implementations are
 * thread-safe. One that depends on another system throws {@link FormatUnavailableException} when
 * that does not answer; {@link #waiting} is for whoever can do nothing but wait.
 */
public interface MessageFormat {

  /**
   * Encodes a message.
   *
   * @param topic the topic that it is for, with its prefix
   * @param message any record type of the schemas that travels by itself
   * @return the message's value on the topic
   * @throws FormatUnavailableException if what the format depends on does not answer
   */
  byte[] encode(String topic, SpecificRecord message);

  /**
   * Decodes any message.
   *
   * @param bytes what the topic held; an empty array where it held a tombstone
   * @return the message, fields that its writer did not know at their defaults
   * @throws MalformedMessageException if the bytes are no message of these schemas
   * @throws FormatUnavailableException if what the format depends on does not answer; the message
   *     may be a good one
   */
  SpecificRecord decode(byte[] bytes) throws MalformedMessageException;

  /**
   * Decodes a message of one type.
   *
   * @param bytes what the topic held
   * @param expected the type that the topic is for
   * @param <T> the type that the topic is for
   * @return the message
   * @throws MalformedMessageException also if it is another type's message
   * @throws FormatUnavailableException as in {@link #decode(byte[])}
   */
  default <T extends SpecificRecord> T decode(byte[] bytes, Class<T> expected)
      throws MalformedMessageException {
    return MessageSet.requireType(decode(bytes), expected);
  }

  /**
   * This format for whoever waits until what it depends on answers again.
   *
   * @param stopped whether to give up waiting
   * @return a format that throws {@link FormatUnavailableException} only when stopped or
   *     interrupted
   */
  default MessageFormat waiting(BooleanSupplier stopped) {
    return new WaitingFormat(this, stopped);
  }

  /**
   * The format that depends on nothing.
   *
   * @return {@link Wire} on every topic
   */
  static MessageFormat singleObject() {
    return SingleObjectFormat.INSTANCE;
  }
}
