package io.dume.models;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tensors of one or several safetensors files under one roof, checked against what a model
 * needs before anything is read, and checked for numbers that are not finite while it is.
 */
final class TensorFiles implements AutoCloseable {

  /** Elements that are read at a time: 16 MiB of float32. A size of the heap, not of any result. */
  static final int CHUNK = 1 << 22;

  /** Takes part of a tensor. */
  @FunctionalInterface
  interface Sink {
    /** Takes {@code count} elements, of which the first has row-major index {@code from}. */
    void accept(long from, float[] values, int count) throws IOException;
  }

  private final Map<String, Safetensors> owners = new LinkedHashMap<>();
  private final List<Safetensors> files;

  private TensorFiles(List<Safetensors> files) {
    this.files = files;
  }

  static TensorFiles open(Collection<Path> paths) throws IOException {
    List<Safetensors> files = new ArrayList<>();
    TensorFiles tensors = new TensorFiles(files);
    try {
      for (Path path : paths) {
        Safetensors file = Safetensors.open(path);
        files.add(file);
        for (String name : file.names()) {
          Safetensors other = tensors.owners.put(name, file);
          if (other != null) {
            throw InvalidModelException.of(path, name, "also stands in " + other.file());
          }
        }
      }
    } catch (IOException | RuntimeException e) {
      tensors.close();
      throw e;
    }
    return tensors;
  }

  Collection<String> names() {
    return owners.keySet();
  }

  boolean contains(String name) {
    return owners.containsKey(name);
  }

  /** Checks that tensors are there and have the shapes expected; their element type is free. */
  void require(Path where, Collection<TensorSpec> expected) throws InvalidModelException {
    for (TensorSpec wanted : expected) {
      Safetensors file = owners.get(wanted.name());
      if (file == null) {
        throw InvalidModelException.of(where, wanted.name(), "missing");
      }
      TensorSpec found = file.spec(wanted.name());
      if (!found.shape().equals(wanted.shape())) {
        throw InvalidModelException.of(
            file.file(),
            wanted.name(),
            "shape " + found.shape() + ", the configuration asks for " + wanted.shape());
      }
      if (!found.type().isFloatingPoint()) {
        throw InvalidModelException.of(
            file.file(), wanted.name(), "type " + found.type() + " is not floating-point");
      }
    }
  }

  TensorSpec spec(String name) throws InvalidModelException {
    return owner(name).spec(name);
  }

  /** Reads the whole of a tensor, or its leading elements only, checking each one. */
  float[] read(String name, long elements) throws IOException {
    float[] values = new float[Math.toIntExact(elements)];
    owner(name).readFloats(name, 0, values, values.length);
    checkFinite(name, 0, values, values.length);
    return values;
  }

  /** Reads some elements of a tensor into an array, checking each one. */
  void read(String name, long from, float[] target, int count) throws IOException {
    owner(name).readFloats(name, from, target, count);
    checkFinite(name, from, target, count);
  }

  /**
   * Reads a tensor part by part, checking each element; the bytes also go to a digest, if given.
   */
  void stream(String name, Optional<MessageDigest> digest, Sink sink) throws IOException {
    long elements = spec(name).elements();
    float[] values = new float[(int) Math.min(CHUNK, elements)];
    for (long from = 0; from < elements; from += CHUNK) {
      int count = (int) Math.min(CHUNK, elements - from);
      if (digest.isPresent()) {
        digest.get().update(bytes(name, from, count));
      }
      read(name, from, values, count);
      sink.accept(from, values, count);
    }
  }

  /** Maps part of a tensor as it is stored, without looking at it. */
  ByteBuffer bytes(String name, long from, int count) throws IOException {
    return owner(name).map(name, from, count);
  }

  private Safetensors owner(String name) {
    Safetensors file = owners.get(name);
    if (file == null) {
      throw new IllegalArgumentException("tensor " + name + " was not required before it was read");
    }
    return file;
  }

  private void checkFinite(String name, long from, float[] values, int count)
      throws InvalidModelException {
    for (int i = 0; i < count; i++) {
      if (!Float.isFinite(values[i])) {
        throw InvalidModelException.of(
            owner(name).file(), name, "element " + (from + i) + " is " + values[i]);
      }
    }
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (Safetensors file : files) {
      try {
        file.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
