package io.dume.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.models.Safetensors;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Three small experts, token batches, and what an independent float64 implementation made of them.
 */
public final class GoldenOracle {

  public static final List<String> EXPERTS = List.of("e0", "e1", "e2");
  static final int LAYERS = 3;

  /** The hidden size. */
  static final int WIDTH = 48;

  public static final int VOCABULARY = 256;

  /** The merged model's max_position_embeddings. */
  static final int MAX_POSITIONS = 512;

  public static final int CONTEXT_DIM = 20;
  static final String LAMBDA = "0.01";

  private static final ObjectMapper JSON = new ObjectMapper();

  private GoldenOracle() {}

  /**
   * A sequence with its label.
   *
   * @param expert an expert's name, which is the domain
   * @param ids token ids
   */
  public record Labelled(String expert, List<Integer> ids) {

    /** Positions that count. */
    public int counted() {
      return Math.min(ids.size(), CONTEXT_DIM);
    }
  }

  private static Path directory() {
    try {
      return Path.of(GoldenOracle.class.getResource("/golden/inputs.json").toURI()).getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs {@code dume moerge} on the three experts. */
  public static Path merge(Path out) {
    List<Object> arguments = new ArrayList<>(List.of("moerge", "--out", out));
    for (String expert : EXPERTS) {
      arguments.add("--expert");
      arguments.add(expert + "=" + directory().resolve("experts").resolve(expert));
    }
    Command.Result result = Command.run(arguments.toArray());
    assertThat(result.status()).as(result.toString()).isZero();
    return out;
  }

  static JsonNode inputs() {
    try {
      return JSON.readTree(directory().resolve("inputs.json").toFile());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The oracle's batches, one sequence each. */
  public static List<Labelled> batches() {
    List<Labelled> batches = new ArrayList<>();
    for (JsonNode batch : inputs().get("batches")) {
      List<Integer> ids = new ArrayList<>();
      batch.get("ids").forEach(id -> ids.add(id.asInt()));
      batches.add(new Labelled(EXPERTS.get(batch.get("expert").asInt()), ids));
    }
    return batches;
  }

  /** Tokens of an expert's domain that count. */
  public static long tokens(String expert) {
    return batches().stream()
        .filter(b -> b.expert().equals(expert))
        .mapToLong(Labelled::counted)
        .sum();
  }

  /** A line of a file of token batches. */
  static String line(String domain, List<List<Integer>> sequences) {
    return JSON.createObjectNode()
        .put("domain", domain)
        .<com.fasterxml.jackson.databind.node.ObjectNode>set(
            "sequences", JSON.valueToTree(sequences))
        .toString();
  }

  /** All batches as lines, one sequence a line. */
  static List<String> lines() {
    return batches().stream().map(b -> line(b.expert(), List.of(b.ids()))).toList();
  }

  static double[] expected(String tensor) throws IOException {
    try (Safetensors file = Safetensors.open(directory().resolve("expected.safetensors"))) {
      return file.readDoubles(tensor);
    }
  }

  static List<String> tensors() throws IOException {
    try (Safetensors file = Safetensors.open(directory().resolve("expected.safetensors"))) {
      return List.copyOf(file.names());
    }
  }

  /** The part of a tensor at an index of its first dimension. */
  static double[] part(double[] tensor, int index, int size) {
    return Arrays.copyOfRange(tensor, index * size, (index + 1) * size);
  }

  /** The gates in a router file against the oracle's. */
  public static void assertGates(Path router) throws IOException {
    double[] weight = expected("gate.weight");
    double[] bias = expected("gate.bias");
    int experts = EXPERTS.size();
    try (Safetensors file = Safetensors.open(router)) {
      for (int l = 0; l < LAYERS; l++) {
        String gate = "model.layers.%d.mlp.gate.".formatted(l);
        assertThat(file.spec(gate + "weight").shape())
            .containsExactly((long) experts, (long) WIDTH);
        assertThat(
                largestDifference(
                    file.readDoubles(gate + "weight"), part(weight, l, experts * WIDTH)))
            .as("gate weights of layer %d", l)
            .isLessThan(1e-4);
        assertThat(largestDifference(file.readDoubles(gate + "bias"), part(bias, l, experts)))
            .as("gate biases of layer %d", l)
            .isLessThan(1e-4);
      }
    }
  }

  static double largestDifference(double[] actual, double[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    return IntStream.range(0, actual.length)
        .mapToDouble(i -> Math.abs(actual[i] - expected[i]))
        .max()
        .orElseThrow();
  }
}
