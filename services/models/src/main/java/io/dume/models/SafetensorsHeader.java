package io.dume.models;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The checked header of a safetensors file.
 *
 * @param tensors every tensor with its place in the file, in the order of the header
 * @param metadata the free-form strings under {@code __metadata__}
 */
record SafetensorsHeader(Map<String, Placed> tensors, Map<String, String> metadata) {

  /** The reference implementation's limit: nothing sane comes near it. */
  static final long MAX_HEADER_BYTES = 100_000_000;

  static final String METADATA = "__metadata__";

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  /**
   * A tensor and the file positions of its first byte and the byte after its last.
   *
   * @param spec the tensor's name, type and shape
   * @param begin absolute position of the first byte
   * @param end absolute position after the last byte
   */
  record Placed(TensorSpec spec, long begin, long end) {}

  SafetensorsHeader {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  static SafetensorsHeader read(Path file, FileChannel channel) throws IOException {
    long fileSize = channel.size();
    if (fileSize < 8) {
      throw InvalidModelException.of(
          file, "truncated: " + fileSize + " bytes are too few for a safetensors header");
    }
    long length = fully(file, channel, 0, 8).getLong();
    if (length < 2 || length > MAX_HEADER_BYTES) {
      throw InvalidModelException.of(
          file,
          "not a safetensors file: the header length is "
              + Long.toUnsignedString(length)
              + ", which is outside 2 to "
              + MAX_HEADER_BYTES);
    }
    if (length > fileSize - 8) {
      throw InvalidModelException.of(
          file,
          "truncated: the header takes " + length + " bytes, the file has " + fileSize + " in all");
    }
    byte[] json = fully(file, channel, 8, (int) length).array();
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new InvalidModelException(
          file + ": the safetensors header is not valid JSON: " + e.getOriginalMessage(), e);
    }
    if (root == null || !root.isObject()) {
      throw InvalidModelException.of(file, "the safetensors header is not a JSON object");
    }
    Map<String, Placed> tensors = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      if (field.getKey().equals(METADATA)) {
        readMetadata(file, field.getValue(), metadata);
      } else {
        tensors.put(field.getKey(), placed(file, field.getKey(), field.getValue(), 8 + length));
      }
    }
    checkLayout(file, tensors, 8 + length, fileSize);
    return new SafetensorsHeader(tensors, metadata);
  }

  private static ByteBuffer fully(Path file, FileChannel channel, long position, int count)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw InvalidModelException.of(file, "truncated while its header was read");
      }
    }
    return buffer.flip();
  }

  private static void readMetadata(Path file, JsonNode node, Map<String, String> metadata)
      throws InvalidModelException {
    if (!node.isObject()) {
      throw InvalidModelException.of(file, METADATA + " is not a JSON object");
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!entry.getValue().isTextual()) {
        throw InvalidModelException.of(
            file, METADATA + "." + entry.getKey() + " is not a string: " + entry.getValue());
      }
      metadata.put(entry.getKey(), entry.getValue().textValue());
    }
  }

  private static Placed placed(Path file, String name, JsonNode node, long dataStart)
      throws InvalidModelException {
    JsonNode dtype = node.path("dtype");
    TensorType type =
        TensorType.named(dtype.asText())
            .orElseThrow(
                () ->
                    InvalidModelException.of(
                        file,
                        name,
                        "type "
                            + (dtype.isMissingNode() ? "(none)" : dtype.asText())
                            + " is not supported (F64, F32, F16, BF16 and I64 are)"));
    TensorSpec spec;
    try {
      spec = new TensorSpec(name, type, longs(file, name, "shape", node.path("shape")));
    } catch (IllegalArgumentException e) {
      throw new InvalidModelException(file + ": tensor " + name + ": " + e.getMessage(), e);
    }
    List<Long> offsets = longs(file, name, "data_offsets", node.path("data_offsets"));
    if (offsets.size() != 2 || offsets.get(0) < 0 || offsets.get(1) < offsets.get(0)) {
      throw InvalidModelException.of(file, name, "data_offsets " + offsets + " are not a range");
    }
    long size = offsets.get(1) - offsets.get(0);
    if (size != spec.byteSize()) {
      throw InvalidModelException.of(
          file,
          name,
          "data_offsets "
              + offsets
              + " span "
              + size
              + " bytes, but "
              + type
              + " of shape "
              + spec.shape()
              + " takes "
              + spec.byteSize());
    }
    if (offsets.get(1) > Long.MAX_VALUE - dataStart) {
      throw InvalidModelException.of(file, name, "data_offsets " + offsets + " are absurd");
    }
    return new Placed(spec, dataStart + offsets.get(0), dataStart + offsets.get(1));
  }

  private static List<Long> longs(Path file, String tensor, String field, JsonNode node)
      throws InvalidModelException {
    if (!node.isArray()) {
      throw InvalidModelException.of(file, tensor, field + " is not an array");
    }
    List<Long> values = new ArrayList<>(node.size());
    for (JsonNode element : node) {
      if (!element.isIntegralNumber() || !element.canConvertToLong()) {
        throw InvalidModelException.of(file, tensor, field + " holds " + element);
      }
      values.add(element.longValue());
    }
    return values;
  }

  /** The format has no gaps: each tensor begins where the one before it ends, to the file's end. */
  private static void checkLayout(
      Path file, Map<String, Placed> tensors, long dataStart, long fileSize)
      throws InvalidModelException {
    List<Placed> byPosition = new ArrayList<>(tensors.values());
    byPosition.sort(Comparator.comparingLong(Placed::begin).thenComparingLong(Placed::end));
    long position = dataStart;
    String before = "the header";
    for (Placed tensor : byPosition) {
      String name = tensor.spec().name();
      if (tensor.end() > fileSize) {
        throw InvalidModelException.of(
            file,
            name,
            "truncated: its data end at byte " + tensor.end() + ", the file at " + fileSize);
      }
      if (tensor.begin() < position) {
        throw InvalidModelException.of(file, name, "its data overlap those of " + before);
      }
      if (tensor.begin() > position) {
        throw InvalidModelException.of(
            file, name, "a gap of " + (tensor.begin() - position) + " bytes after " + before);
      }
      position = tensor.end();
      before = name;
    }
    if (position != fileSize) {
      throw InvalidModelException.of(
          file, (fileSize - position) + " bytes after the last tensor belong to none");
    }
  }
}
