package io.dume.models;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A safetensors file, open for reading. The header is checked completely when the file is opened;
 * tensors are memory-mapped piece by piece when they are read, so neither the file nor a single
 * tensor has to fit in the heap, and files beyond 2 GiB work.
 *
 * <p>Instances may be shared between threads; closing one while another thread reads makes that
 * read fail.
 */
public final class Safetensors implements AutoCloseable {

  private final Path file;
  private final FileChannel channel;
  private final SafetensorsHeader header;

  private Safetensors(Path file, FileChannel channel, SafetensorsHeader header) {
    this.file = file;
    this.channel = channel;
    this.header = header;
  }

  /**
   * Opens a file and checks its header: its length, the JSON, every type, shape and offset, that no
   * two tensors overlap and that together they fill the file.
   *
   * @throws InvalidModelException if the header is not valid or the file is truncated
   */
  public static Safetensors open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      return new Safetensors(file, channel, SafetensorsHeader.read(file, channel));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Returns the path that was opened. */
  public Path file() {
    return file;
  }

  /** Returns the tensors' names in the order of the header. */
  public Set<String> names() {
    return header.tensors().keySet();
  }

  /** Returns type and shape of a tensor, if the file has it. */
  public Optional<TensorSpec> find(String name) {
    return Optional.ofNullable(header.tensors().get(name)).map(SafetensorsHeader.Placed::spec);
  }

  /**
   * Returns type and shape of a tensor.
   *
   * @throws InvalidModelException if the file does not have it
   */
  public TensorSpec spec(String name) throws InvalidModelException {
    return placed(name).spec();
  }

  /** Returns the free-form metadata of the header. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * Reads a whole floating-point tensor, widened or narrowed to float32, row-major.
   *
   * @throws InvalidModelException if it is missing, not floating-point, or too large for an array
   */
  public float[] readFloats(String name) throws IOException {
    TensorSpec spec = spec(name);
    float[] values = new float[arrayLength(spec)];
    readFloats(name, 0, values, values.length);
    return values;
  }

  /**
   * Reads part of a floating-point tensor as float32.
   *
   * @param from index of the first element to read, row-major
   * @param target receives the elements, from its index 0
   * @param count how many elements to read
   */
  public void readFloats(String name, long from, float[] target, int count) throws IOException {
    TensorSpec spec = floatingPoint(name);
    ByteBuffer bytes = map(name, from, count);
    switch (spec.type()) {
      case F32 -> bytes.asFloatBuffer().get(target, 0, count);
      case F64 -> {
        for (int i = 0; i < count; i++) {
          target[i] = (float) bytes.getDouble();
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          target[i] = HalfPrecision.fromFloat16(bytes.getShort());
        }
      }
      default -> {
        for (int i = 0; i < count; i++) {
          target[i] = HalfPrecision.fromBfloat16(bytes.getShort());
        }
      }
    }
  }

  /**
   * Reads a whole floating-point tensor as float64, row-major. F64 is exact, as is the widening of
   * the narrower types.
   *
   * @throws InvalidModelException if it is missing, not floating-point, or too large for an array
   */
  public double[] readDoubles(String name) throws IOException {
    TensorSpec spec = floatingPoint(name);
    double[] values = new double[arrayLength(spec)];
    if (spec.type() == TensorType.F64) {
      map(name, 0, values.length).asDoubleBuffer().get(values);
      return values;
    }
    float[] floats = readFloats(name);
    for (int i = 0; i < floats.length; i++) {
      values[i] = floats[i];
    }
    return values;
  }

  /**
   * Reads a whole I64 tensor, row-major.
   *
   * @throws InvalidModelException if it is missing, of another type, or too large for an array
   */
  public long[] readLongs(String name) throws IOException {
    TensorSpec spec = spec(name);
    if (spec.type() != TensorType.I64) {
      throw InvalidModelException.of(file, name, "is " + spec.type() + ", expected I64");
    }
    long[] values = new long[arrayLength(spec)];
    map(name, 0, values.length).asLongBuffer().get(values);
    return values;
  }

  /**
   * Maps part of a tensor, as it is stored: little-endian.
   *
   * @param from index of the first element, row-major
   * @param count how many elements; their bytes must be fewer than 2^31
   */
  public ByteBuffer map(String name, long from, int count) throws IOException {
    SafetensorsHeader.Placed placed = placed(name);
    TensorSpec spec = placed.spec();
    if (from < 0 || count < 0 || from + count > spec.elements()) {
      throw new IndexOutOfBoundsException(
          file + ": tensor " + name + ": elements " + from + " + " + count + " of " + spec);
    }
    int size = spec.type().bytes();
    if (count == 0) {
      return ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
    }
    return channel
        .map(
            FileChannel.MapMode.READ_ONLY,
            placed.begin() + from * size,
            Math.multiplyExact(count, size))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private SafetensorsHeader.Placed placed(String name) throws InvalidModelException {
    SafetensorsHeader.Placed placed = header.tensors().get(name);
    if (placed == null) {
      throw InvalidModelException.of(file, name, "missing");
    }
    return placed;
  }

  private TensorSpec floatingPoint(String name) throws InvalidModelException {
    TensorSpec spec = spec(name);
    if (!spec.type().isFloatingPoint()) {
      throw InvalidModelException.of(
          file, name, "is " + spec.type() + ", expected a floating-point type");
    }
    return spec;
  }

  private int arrayLength(TensorSpec spec) throws InvalidModelException {
    if (spec.elements() > Integer.MAX_VALUE - 8) {
      throw InvalidModelException.of(
          file,
          spec.name(),
          spec.elements() + " elements do not fit in one array; read it in parts");
    }
    return (int) spec.elements();
  }
}
