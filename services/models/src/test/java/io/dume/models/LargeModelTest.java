package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loads a model in a JVM whose heap, and direct memory with it, is smaller than the weights. */
class LargeModelTest {

  @TempDir Path directory;

  /** What the small JVM does. */
  public static final class Load {

    private Load() {}

    /** Loads the model and prints the sum of the logits of one token. */
    public static void main(String[] args) throws IOException {
      try (DenseModel model = DenseModel.load(Path.of(args[0]), Device.CPU)) {
        float sum = 0;
        for (float logit : model.logits(new int[] {1})) {
          sum += logit;
        }
        System.out.println("sum " + sum);
      }
    }
  }

  @Test
  void shouldLoadAModelThatIsLargerThanTheHeap() throws Exception {
    long bytes = writeSparseModel();
    assertThat(bytes).isGreaterThan(150L << 20);

    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx80m",
                "-Dai.djl.pytorch.num_threads=1",
                "-cp",
                System.getProperty("java.class.path"),
                Load.class.getName(),
                directory.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes());

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(output).contains("sum 0.0");
    assertThat(process.exitValue()).isZero();
  }

  /** All weights are zero, so the file is a header and a hole. */
  private long writeSparseModel() throws IOException {
    ObjectNode json = TestModel.config("llama");
    json.put("vocab_size", 40_000).put("hidden_size", 512).put("tie_word_embeddings", false);
    Path configFile = directory.resolve("config.json");
    Files.write(configFile, TestModel.JSON.writeValueAsBytes(json));
    ModelConfig config = ModelConfig.read(configFile);
    List<TensorSpec> specs =
        new java.util.ArrayList<>(ModelTensors.backbone(config, TensorType.F32));
    specs.addAll(ModelTensors.mlps(config, TensorType.F32));
    ObjectNode header = TestModel.JSON.createObjectNode();
    long offset = 0;
    for (TensorSpec spec : specs) {
      ObjectNode tensor = header.putObject(spec.name());
      tensor.put("dtype", "F32").set("shape", TestModel.JSON.valueToTree(spec.shape()));
      tensor.putArray("data_offsets").add(offset).add(offset + spec.byteSize());
      offset += spec.byteSize();
    }
    byte[] bytes = TestModel.JSON.writeValueAsBytes(header);
    try (RandomAccessFile file =
        new RandomAccessFile(directory.resolve("model.safetensors").toFile(), "rw")) {
      file.writeLong(Long.reverseBytes(bytes.length));
      file.write(bytes);
      file.setLength(8 + bytes.length + offset);
    }
    return offset;
  }
}
