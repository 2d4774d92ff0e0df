package io.dume.schemas.wire;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.Decoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.util.Utf8;

/**
 * A decoder that allocates no more than the message holds: a claimed length or count is compared
 * with a budget of bytes first. Avro's own decoder allocates what a length claims and then notices
 * that the bytes are missing; three bytes can claim two gigabytes.
 *
 * <p>A byte can also be an empty string or a list, which takes fifty in memory, and a message of 16
 * MiB a gigabyte. So there is a bound on the parts of a message too: on the items of its arrays,
 * its strings, its ids and its lists together.
 *
 * <p>The budget counts every length and count once and each array item as at least one byte, which
 * is true of every item type in these schemas, so a valid message always fits.
 */
final class BoundedDecoder extends Decoder {
  /**
   * The longest string, in bytes. Strings are names and reasons; they are copied into further
   * messages, which must fit into their topics.
   */
  static final int MAX_STRING_BYTES = 64 * 1024;

  /**
   * The most parts of a message: no batch has so many tokens, and no flush so many tiles. They take
   * up to a hundred megabytes.
   */
  static final int MAX_PARTS = 1 << 20;

  /**
   * From how many bytes on a value stays where it is, in the message. Below, a view would keep a
   * large message alive for the sake of a few bytes.
   */
  private static final int LEAST_VIEW = 1024;

  private static final byte[] NO_MESSAGE = new byte[0];
  private static final char REPLACEMENT = '\uFFFD';
  private static final BinaryDecoder NOTHING = DecoderFactory.get().binaryDecoder(NO_MESSAGE, null);

  private final int longestString;
  private BinaryDecoder in;
  private byte[] message;
  private long budget;
  private long parts;

  /**
   * @param in decodes the message
   * @param message what is decoded, up to its end; large values of bytes are views of it
   * @param bytes the length of the message
   * @param longestString the longest string to read, in bytes
   */
  BoundedDecoder(BinaryDecoder in, byte[] message, long bytes, int longestString) {
    this.in = in;
    this.message = message;
    this.budget = bytes;
    this.longestString = longestString;
  }

  /** Lets go of the message; there is nothing left to decode. */
  void release() {
    in = NOTHING;
    message = NO_MESSAGE;
    budget = 0;
  }

  private int claim(long size) throws IOException {
    if (size < 0 || size > budget) {
      throw new EOFException(
          "a size of " + size + " is claimed where at most " + budget + " bytes can follow");
    }
    budget -= size;
    return (int) size;
  }

  private void count(long more) throws IOException {
    parts += more;
    if (parts > MAX_PARTS) {
      throw new IOException("more than " + MAX_PARTS + " items, strings and ids");
    }
  }

  private byte[] claimed(long size) throws IOException {
    count(1);
    byte[] bytes = new byte[claim(size)];
    in.readFixed(bytes, 0, bytes.length);
    return bytes;
  }

  private long stringSize() throws IOException {
    long size = in.readLong();
    if (size > longestString) {
      throw new IOException(
          "a string of " + size + " bytes, where at most " + longestString + " are allowed");
    }
    return size;
  }

  @Override
  public String readString() throws IOException {
    byte[] bytes = claimed(stringSize());
    String string = new String(bytes, StandardCharsets.UTF_8);
    if (string.indexOf(REPLACEMENT) >= 0) {
      // Either it stands there or it stands for what is no UTF-8. A strict decoder costs more
      // memory than a short string, so it is asked only here.
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      } catch (CharacterCodingException e) {
        throw new IOException("a string that is not UTF-8", e);
      }
    }
    return string;
  }

  @Override
  public Utf8 readString(Utf8 old) throws IOException {
    return new Utf8(readString());
  }

  @Override
  public void skipString() throws IOException {
    in.skipFixed(claim(stringSize()));
  }

  @Override
  public ByteBuffer readBytes(ByteBuffer old) throws IOException {
    long size = in.readLong();
    if (size < LEAST_VIEW || size < message.length / 2) {
      return ByteBuffer.wrap(claimed(size));
    }
    count(1);
    int length = claim(size);
    int from = message.length - in.inputStream().available();
    in.skipFixed(length);
    return ByteBuffer.wrap(message, from, length).slice();
  }

  @Override
  public void skipBytes() throws IOException {
    in.skipFixed(claim(in.readLong()));
  }

  @Override
  public long readArrayStart() throws IOException {
    count(1);
    return block(in.readArrayStart());
  }

  @Override
  public long arrayNext() throws IOException {
    return block(in.arrayNext());
  }

  // Avro's skipArray jumps over a block by the size that the block claims, and so over everything
  // that is wrong in it. Here the items are skipped one by one; Avro asks for the first block and
  // the next ones alike.
  @Override
  public long skipArray() throws IOException {
    return block(in.arrayNext());
  }

  @Override
  public long readMapStart() throws IOException {
    count(1);
    return block(in.readMapStart());
  }

  @Override
  public long mapNext() throws IOException {
    return block(in.mapNext());
  }

  @Override
  public long skipMap() throws IOException {
    return block(in.mapNext());
  }

  /** Items are not taken off the budget: the bytes inside them are, where they have a length. */
  private long block(long items) throws IOException {
    if (items < 0 || items > budget) {
      throw new EOFException(
          items + " items are claimed where at most " + budget + " bytes can follow");
    }
    count(items);
    return items;
  }

  @Override
  public void readNull() throws IOException {
    in.readNull();
  }

  @Override
  public boolean readBoolean() throws IOException {
    return in.readBoolean();
  }

  @Override
  public int readInt() throws IOException {
    return in.readInt();
  }

  @Override
  public long readLong() throws IOException {
    return in.readLong();
  }

  @Override
  public float readFloat() throws IOException {
    return in.readFloat();
  }

  @Override
  public double readDouble() throws IOException {
    return in.readDouble();
  }

  @Override
  public void readFixed(byte[] bytes, int start, int length) throws IOException {
    count(1);
    in.readFixed(bytes, start, length);
  }

  @Override
  public void skipFixed(int length) throws IOException {
    in.skipFixed(length);
  }

  @Override
  public int readEnum() throws IOException {
    return in.readEnum();
  }

  @Override
  public int readIndex() throws IOException {
    return in.readIndex();
  }
}
