package io.dume.models;

import java.util.Arrays;
import java.util.Optional;

/**
 * The element types that are read from and written to safetensors files. The constants carry the
 * names that the format uses.
 */
public enum TensorType {
  /** IEEE 754 double precision. */
  F64(8),
  /** Two's complement, 64 bits. */
  I64(8),
  /** IEEE 754 single precision. */
  F32(4),
  /** IEEE 754 half precision. */
  F16(2),
  /** The upper half of a single precision number. */
  BF16(2);

  private final int bytes;

  TensorType(int bytes) {
    this.bytes = bytes;
  }

  /** Returns the size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Returns whether elements are floating-point numbers. */
  public boolean isFloatingPoint() {
    return this != I64;
  }

  /** Returns the type with this name in a safetensors header, if it is one of these. */
  static Optional<TensorType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }
}
