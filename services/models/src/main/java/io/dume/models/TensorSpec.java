package io.dume.models;

import java.util.List;
import java.util.Objects;

/**
 * Name, element type and shape of one tensor.
 *
 * @param name the tensor's name, not empty
 * @param type the element type
 * @param shape the extents, outermost first; empty for a scalar
 */
public record TensorSpec(String name, TensorType type, List<Long> shape) {

  /** Checks that the name is not empty, no extent is negative and the size fits in a long. */
  public TensorSpec {
    Objects.requireNonNull(type, "type");
    if (name.isEmpty()) {
      throw new IllegalArgumentException("a tensor's name must not be empty");
    }
    shape = List.copyOf(shape);
    long bytes = type.bytes();
    for (long extent : shape) {
      if (extent < 0) {
        throw new IllegalArgumentException("shape " + shape + " has a negative extent");
      }
      try {
        bytes = Math.multiplyExact(bytes, extent);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException("shape " + shape + " is too large", e);
      }
    }
  }

  /** Makes a spec from extents given one by one. */
  public static TensorSpec of(String name, TensorType type, long... shape) {
    return new TensorSpec(name, type, java.util.Arrays.stream(shape).boxed().toList());
  }

  /** Returns the number of elements. */
  public long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** Returns the number of bytes that the elements take in a file. */
  public long byteSize() {
    return elements() * type.bytes();
  }
}
