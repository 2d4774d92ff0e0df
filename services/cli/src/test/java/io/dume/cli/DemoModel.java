package io.dume.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets;
import io.dume.models.MoErge;
import io.dume.models.RouterWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** The demo's experts and their merge, for tests that need a tokenizer and text. */
record DemoModel(Path directory) {

  static final int WIDTH = 128;
  static final int LAYERS = 4;

  static DemoModel make(Path directory) throws IOException {
    DemoAssets.unpack(directory);
    List<MoErge.Expert> experts =
        DemoAssets.DOMAINS.stream()
            .map(domain -> new MoErge.Expert(domain, DemoAssets.expert(directory, domain)))
            .toList();
    MoErge.merge(experts, directory.resolve("merged"), MoErge.Options.DEFAULT);
    return new DemoModel(directory);
  }

  String merged() {
    return directory.resolve("merged").toString();
  }

  String expert(String domain) {
    return domain + "=" + DemoAssets.expert(directory, domain);
  }

  /** Writes random gates. */
  Path router(Path file) throws IOException {
    Random random = new Random(1);
    int experts = DemoAssets.DOMAINS.size();
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      float[] weight = new float[experts * WIDTH];
      for (int i = 0; i < weight.length; i++) {
        weight[i] = (float) random.nextGaussian();
      }
      weights.add(weight);
      biases.add(new float[experts]);
    }
    new RouterWeights(weights, biases, Map.of()).write(file);
    return file;
  }

  /** A line of JSON. */
  static String document(String domain, String id, String text) throws IOException {
    return new ObjectMapper()
        .createObjectNode()
        .put("domain", domain)
        .put("id", id)
        .put("text", text)
        .toString();
  }

  /** Writes the first documents of each domain's test text, one JSON object a line. */
  Path testText(Path file, int documents) throws IOException {
    return text(file, documents, DemoAssets.Split.TEST);
  }

  /** Likewise of the validation text. */
  Path validationText(Path file, int documents) throws IOException {
    return text(file, documents, DemoAssets.Split.VALIDATION);
  }

  private Path text(Path file, int documents, DemoAssets.Split split) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String domain : DemoAssets.DOMAINS) {
      Path corpus = DemoAssets.corpus(directory, domain, split);
      lines.addAll(Files.readAllLines(corpus).subList(0, documents));
    }
    return Files.write(file, lines);
  }
}
