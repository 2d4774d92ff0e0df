package io.dume.schemas.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Messages as the code of each archived version wrote them. */
final class SchemaSamples {
  static final String FILE = "samples.txt";

  /**
   * @param version the version that wrote it
   * @param name of the message
   * @param bytes what it wrote
   */
  record Sample(int version, String name, byte[] bytes) {
    @Override
    public String toString() {
      return name + " of version " + version;
    }
  }

  private SchemaSamples() {}

  static List<Sample> read() throws IOException {
    List<Sample> samples = new ArrayList<>();
    for (int version :
        SchemaHistory.read().stream().mapToInt(e -> e.version()).distinct().toArray()) {
      String name = SchemaHistory.ARCHIVE + version + "/" + FILE;
      try (InputStream in = SchemaSamples.class.getClassLoader().getResourceAsStream(name)) {
        new String(in.readAllBytes(), UTF_8)
            .lines()
            .map(line -> line.split(" "))
            .map(part -> new Sample(version, part[0], HexFormat.of().parseHex(part[1])))
            .forEach(samples::add);
      }
    }
    return samples;
  }
}
