package io.dume.schemas.wire;

import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.DiscardFlush;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.ForgetFit;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.message.MixedIn;
import io.dume.schemas.message.PolicyChosen;
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.SolveProfileFixed;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TakeAway;
import io.dume.schemas.message.TokenBatch;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/**
 * Messages to bytes and back, by Avro's single-object encoding: {@code C3 01}, the little-endian
 * CRC-64-AVRO fingerprint of the schema, the binary body. Messages are written in today's schemas
 * and read in every archived one. All methods are thread-safe.
 */
public final class Wire {
  /** What stands before the body of an encoded message: marker and fingerprint. */
  public static final int HEADER_BYTES = MessageSet.HEADER_BYTES;

  static final MessageSet TYPES =
      new MessageSet(
          BoundedDecoder.MAX_STRING_BYTES,
          List.of(
              new TokenBatch(),
              new FitCreated(),
              new SolveProfileFixed(),
              new ExpertsChanged(),
              new CutRequested(),
              new MixedIn(),
              new FitFailed(),
              new FitPromoted(),
              new FitRemoved(),
              new PolicyChosen(),
              new StatisticsTile(),
              new FlushManifest(),
              new ApplyFlush(),
              new DiscardFlush(),
              new TakeAway(),
              new ForgetFit(),
              new Cut(),
              new LayerTile(),
              new LayerTargets(),
              new LayerComplete(),
              new LayerFailed(),
              new RouterPart(),
              new RouterVersion(),
              new CutRefused(),
              new DeadLetter()),
          SchemaHistory.read());

  private Wire() {}

  /**
   * Encodes a message.
   *
   * @param message any record type of the schemas that travels by itself
   * @return marker, fingerprint and body
   * @throws IllegalArgumentException if the type never travels by itself
   */
  public static byte[] encode(SpecificRecord message) {
    return TYPES.encode(message);
  }

  /**
   * Decodes any message, written by this or an earlier version.
   *
   * @param bytes what a topic held; an empty array where it held a tombstone
   * @return the message, fields that its writer did not know at their defaults; which one, its
   *     class tells
   * @throws MalformedMessageException if the bytes are no message of these schemas, are truncated,
   *     have trailing bytes, or claim sizes that they do not have
   */
  public static SpecificRecord decode(byte[] bytes) throws MalformedMessageException {
    return TYPES.decode(bytes);
  }

  /**
   * Decodes a message of one type.
   *
   * @param bytes what a topic held
   * @param expected the type that the topic is for
   * @param <T> the type that the topic is for
   * @return the message
   * @throws MalformedMessageException also if it is another type's message
   */
  public static <T extends SpecificRecord> T decode(byte[] bytes, Class<T> expected)
      throws MalformedMessageException {
    return TYPES.decode(bytes, expected);
  }
}
