package io.dume.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The float64 oracle in the test resources. */
final class Golden {

  static final Path DIRECTORY = Path.of("src", "test", "resources", "golden");
  static final List<String> EXPERTS = List.of("e0", "e1", "e2");

  private Golden() {}

  static JsonNode inputs() throws IOException {
    return new ObjectMapper().readTree(DIRECTORY.resolve("inputs.json").toFile());
  }

  static double[] expected(String tensor) throws IOException {
    try (Safetensors file = Safetensors.open(DIRECTORY.resolve("expected.safetensors"))) {
      return file.readDoubles(tensor);
    }
  }

  static MoErge.Result merge(Path out) throws IOException {
    List<MoErge.Expert> experts = new ArrayList<>();
    for (String name : EXPERTS) {
      experts.add(new MoErge.Expert(name, expert(name)));
    }
    return MoErge.merge(experts, out, MoErge.Options.DEFAULT);
  }

  static Path expert(String name) {
    return DIRECTORY.resolve("experts").resolve(name);
  }

  /** Returns the sequences of a domain in the order of the file. */
  static int[][] sequences(int expert) throws IOException {
    List<int[]> sequences = new ArrayList<>();
    for (JsonNode batch : inputs().get("batches")) {
      if (batch.get("expert").asInt() == expert) {
        sequences.add(ids(batch.get("ids")));
      }
    }
    return sequences.toArray(int[][]::new);
  }

  static int[] ids(JsonNode array) {
    int[] ids = new int[array.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = array.get(i).asInt();
    }
    return ids;
  }

  /** Returns the oracle's gates as a router. */
  static RouterWeights gates() throws IOException {
    double[] weight = expected("gate.weight");
    double[] bias = expected("gate.bias");
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int l = 0; l < 3; l++) {
      weights.add(part(weight, l * 3 * 48, 3 * 48));
      biases.add(part(bias, l * 3, 3));
    }
    return new RouterWeights(weights, biases, java.util.Map.of());
  }

  private static float[] part(double[] values, int from, int count) {
    float[] part = new float[count];
    for (int i = 0; i < count; i++) {
      part[i] = (float) values[from + i];
    }
    return part;
  }
}
