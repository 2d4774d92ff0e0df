package io.dume.solver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Reads float64 tensors of the golden file. */
final class SafetensorsFixture {
  private final JsonNode header;
  private final ByteBuffer data;

  SafetensorsFixture(String resource) throws IOException {
    try (InputStream in = SafetensorsFixture.class.getResourceAsStream(resource)) {
      ByteBuffer file =
          ByteBuffer.wrap(Objects.requireNonNull(in, resource).readAllBytes())
              .order(ByteOrder.LITTLE_ENDIAN);
      int length = Math.toIntExact(file.getLong());
      byte[] json = new byte[length];
      file.get(json);
      this.header = new ObjectMapper().readTree(new String(json, StandardCharsets.UTF_8));
      this.data = file.slice().order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  /** One slice along the first axis. */
  double[] slice(String name, int index) {
    JsonNode tensor = header.get(name);
    int length = 1;
    for (int axis = 1; axis < tensor.get("shape").size(); axis++) {
      length *= tensor.get("shape").get(axis).asInt();
    }
    double[] values = new double[length];
    int from = tensor.get("data_offsets").get(0).asInt() + index * length * Double.BYTES;
    data.slice(from, length * Double.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asDoubleBuffer()
        .get(values);
    return values;
  }
}
