package io.dume.models;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a safetensors file tensor by tensor. All tensors are declared first, so the header is
 * known and each tensor has its place; they may then be written in any order and in parts, with one
 * tensor part in memory at a time.
 *
 * <p>Everything goes to a temporary file beside the target, which {@link #finish} moves into place
 * in one step: a half-written file never has the final name. Closing without finishing deletes it.
 *
 * <p>The header is padded to a multiple of 8 bytes and wider types come first, so every tensor
 * begins at a multiple of its element size without gaps, which the format forbids. The same
 * declarations and values give the same bytes. Not for use by several threads.
 */
public final class SafetensorsWriter implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int BUFFER_BYTES = 1 << 20;

  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private final Map<String, Slot> slots = new LinkedHashMap<>();
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private boolean finished;

  private static final class Slot {
    final TensorSpec spec;
    final long end;
    long next;

    Slot(TensorSpec spec, long begin) {
      this.spec = spec;
      this.next = begin;
      this.end = begin + spec.byteSize();
    }
  }

  /**
   * Starts a file.
   *
   * @param target where the file will be once finished; replaced if it exists
   * @param tensors all tensors that will be written, each name once
   * @param metadata free-form strings for the header, written in the map's order
   * @throws IllegalArgumentException if two tensors have one name
   */
  public SafetensorsWriter(Path target, List<TensorSpec> tensors, Map<String, String> metadata)
      throws IOException {
    this.target = target.toAbsolutePath();
    List<TensorSpec> order = new ArrayList<>(tensors);
    order.sort(Comparator.comparingInt((TensorSpec spec) -> -spec.type().bytes()));
    byte[] header = header(order, metadata);
    long position = 8L + header.length;
    for (TensorSpec spec : order) {
      if (slots.put(spec.name(), new Slot(spec, position)) != null) {
        throw new IllegalArgumentException("tensor " + spec.name() + " is declared twice");
      }
      position += spec.byteSize();
    }
    this.temporary = DurableFiles.aside(this.target);
    this.channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    buffer.clear().putLong(header.length);
    try {
      drain(0);
      writeFully(ByteBuffer.wrap(header), 8);
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private static byte[] header(List<TensorSpec> order, Map<String, String> metadata)
      throws IOException {
    ObjectNode root = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode strings = root.putObject(SafetensorsHeader.METADATA);
      metadata.forEach(strings::put);
    }
    long offset = 0;
    for (TensorSpec spec : order) {
      ObjectNode node = root.putObject(spec.name());
      node.put("dtype", spec.type().name());
      ArrayNode shape = node.putArray("shape");
      spec.shape().forEach(shape::add);
      node.putArray("data_offsets").add(offset).add(offset + spec.byteSize());
      offset += spec.byteSize();
    }
    byte[] json = JSON.writeValueAsBytes(root);
    byte[] padded = java.util.Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    java.util.Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    return padded;
  }

  /** Writes the whole of a floating-point tensor, rounding to its declared type. */
  public void write(String name, float[] values) throws IOException {
    append(name, values, 0, values.length);
  }

  /** Writes the whole of a floating-point tensor, rounding to its declared type. */
  public void write(String name, double[] values) throws IOException {
    Slot slot = slot(name, values.length);
    if (slot.spec.type() == TensorType.F64) {
      int perBuffer = BUFFER_BYTES / Double.BYTES;
      for (int from = 0; from < values.length; from += perBuffer) {
        int count = Math.min(perBuffer, values.length - from);
        buffer.clear();
        buffer.asDoubleBuffer().put(values, from, count);
        flush(slot, count * Double.BYTES);
      }
      return;
    }
    float[] narrowed = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrowed[i] = (float) values[i];
    }
    append(name, narrowed, 0, narrowed.length);
  }

  /** Writes the whole of an I64 tensor. */
  public void write(String name, long[] values) throws IOException {
    Slot slot = slot(name, values.length);
    if (slot.spec.type() != TensorType.I64) {
      throw new IllegalArgumentException("tensor " + name + " is declared " + slot.spec.type());
    }
    int perBuffer = BUFFER_BYTES / Long.BYTES;
    for (int from = 0; from < values.length; from += perBuffer) {
      int count = Math.min(perBuffer, values.length - from);
      buffer.clear();
      buffer.asLongBuffer().put(values, from, count);
      flush(slot, count * Long.BYTES);
    }
  }

  /**
   * Writes the next elements of a floating-point tensor, rounding to its declared type (to nearest,
   * ties to even). Call it until the tensor is complete.
   */
  public void append(String name, float[] values, int offset, int count) throws IOException {
    Slot slot = slot(name, count);
    TensorType type = slot.spec.type();
    if (!type.isFloatingPoint()) {
      throw new IllegalArgumentException("tensor " + name + " is declared " + type);
    }
    int perBuffer = BUFFER_BYTES / type.bytes();
    for (int done = 0; done < count; done += perBuffer) {
      int part = Math.min(perBuffer, count - done);
      encode(type, values, offset + done, part);
      flush(slot, part * type.bytes());
    }
  }

  private void encode(TensorType type, float[] values, int from, int count) {
    buffer.clear();
    switch (type) {
      case F32 -> buffer.asFloatBuffer().put(values, from, count);
      case F16 -> {
        for (int i = from; i < from + count; i++) {
          buffer.putShort(HalfPrecision.toFloat16(values[i]));
        }
      }
      case BF16 -> {
        for (int i = from; i < from + count; i++) {
          buffer.putShort(HalfPrecision.toBfloat16(values[i]));
        }
      }
      default -> {
        for (int i = from; i < from + count; i++) {
          buffer.putDouble(values[i]);
        }
      }
    }
  }

  /** Writes the next bytes of a tensor exactly as they will be stored (little-endian elements). */
  public void appendBytes(String name, ByteBuffer bytes) throws IOException {
    Slot slot = declared(name);
    int count = bytes.remaining();
    if (slot.next + count > slot.end) {
      throw new IllegalArgumentException("tensor " + name + " gets more bytes than it declared");
    }
    writeFully(bytes.duplicate(), slot.next);
    slot.next += count;
  }

  /**
   * Checks that every tensor is complete, forces the bytes to the disk and moves the file into
   * place.
   *
   * @throws IllegalStateException if a declared tensor is not complete
   */
  public void finish() throws IOException {
    for (Slot slot : slots.values()) {
      if (slot.next != slot.end) {
        throw new IllegalStateException(
            target
                + ": tensor "
                + slot.spec.name()
                + ": "
                + (slot.end - slot.next)
                + " bytes were not written");
      }
    }
    channel.force(true);
    channel.close();
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    finished = true;
  }

  @Override
  public void close() throws IOException {
    if (!finished) {
      channel.close();
      Files.deleteIfExists(temporary);
    }
  }

  private Slot declared(String name) {
    Slot slot = slots.get(name);
    if (slot == null) {
      throw new IllegalArgumentException("tensor " + name + " was not declared");
    }
    return slot;
  }

  private Slot slot(String name, int elements) {
    Slot slot = declared(name);
    long left = (slot.end - slot.next) / slot.spec.type().bytes();
    if (elements > left) {
      throw new IllegalArgumentException(
          "tensor " + name + ": " + elements + " elements given, " + left + " expected");
    }
    return slot;
  }

  private void flush(Slot slot, int bytes) throws IOException {
    buffer.position(bytes);
    drain(slot.next);
    slot.next += bytes;
  }

  private void drain(long position) throws IOException {
    writeFully(buffer.flip(), position);
  }

  private void writeFully(ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }
}
