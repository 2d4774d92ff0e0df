package io.dume.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.models.Safetensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code dume fit} wrote.
 *
 * @param directory its --out
 */
record FitOutput(Path directory) {

  /** Fits the golden model to a file's lines. */
  static Command.Result fit(Path model, Path batches, Path out, int workers) {
    return fit(model, batches, out, workers, "mlp-input");
  }

  /** Likewise, of another feature source. */
  static Command.Result fit(Path model, Path batches, Path out, int workers, String features) {
    return Command.run(
        "fit",
        "--model",
        model,
        "--batches",
        batches,
        "--context-dim",
        GoldenOracle.CONTEXT_DIM,
        "--lambda",
        GoldenOracle.LAMBDA,
        "--workers",
        workers,
        "--features",
        features,
        "--out",
        out);
  }

  Path router() {
    return directory.resolve("router.safetensors");
  }

  Path statistics() {
    return directory.resolve("statistics.safetensors");
  }

  JsonNode version() throws IOException {
    return new ObjectMapper().readTree(directory.resolve("version.json").toFile());
  }

  String sha256() throws IOException {
    return version().get("sha256").asText();
  }

  /** Every tensor of the router as it is stored. */
  Map<String, ByteBuffer> routerTensors() throws IOException {
    return tensors(router());
  }

  byte[] statisticsBytes() throws IOException {
    return Files.readAllBytes(statistics());
  }

  private static Map<String, ByteBuffer> tensors(Path path) throws IOException {
    Map<String, ByteBuffer> tensors = new TreeMap<>();
    try (Safetensors file = Safetensors.open(path)) {
      for (String name : file.names()) {
        tensors.put(name, file.map(name, 0, (int) file.spec(name).elements()));
      }
    }
    return tensors;
  }
}
