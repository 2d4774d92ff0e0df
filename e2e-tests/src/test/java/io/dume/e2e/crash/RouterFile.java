package io.dume.e2e.crash;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A router file: all of its bytes, but for the number of its version, which is one of how often was
 * solved and not of what.
 *
 * @param header names, shapes, places and strings
 * @param weights every byte behind the header
 */
record RouterFile(JsonNode header, byte[] weights) {

  static RouterFile read(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int length = Math.toIntExact(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0));
    JsonNode header =
        new ObjectMapper().readTree(new String(bytes, 8, length, StandardCharsets.UTF_8));
    ((ObjectNode) header.get("__metadata__")).remove("version");
    return new RouterFile(header, Arrays.copyOfRange(bytes, 8 + length, bytes.length));
  }

  /** How many bytes are other ones; all of them where the headers differ. */
  long differences(RouterFile other) {
    if (!header.equals(other.header) || weights.length != other.weights.length) {
      return Math.max(weights.length, other.weights.length);
    }
    long differences = 0;
    for (int i = 0; i < weights.length; i++) {
      differences += weights[i] == other.weights[i] ? 0 : 1;
    }
    return differences;
  }
}
