package io.dume.e2e.crash;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.demo.DemoAssets;
import io.dume.demo.DemoAssets.Document;
import io.dume.demo.DemoAssets.Split;
import io.dume.e2e.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * The demo's experts, merged, and text of all five domains.
 *
 * @param model the merged model
 * @param lines documents as lines of JSON, of all domains in turn
 * @param file the same lines
 */
record Material(Path model, List<String> lines, Path file) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Prepares it.
   *
   * @param documents of each domain, or as many as there are
   */
  static Material in(Path directory, int documents) throws IOException {
    DemoAssets.unpack(directory);
    Path model = directory.resolve("merged");
    List<Object> moerge = new ArrayList<>(List.of("moerge", "--out", model));
    List<String> lines = new ArrayList<>();
    for (String domain : DemoAssets.DOMAINS) {
      moerge.add("--expert");
      moerge.add(domain + "=" + DemoAssets.expert(directory, domain));
      try (Stream<Document> all = DemoAssets.documents(domain, Split.TRAIN)) {
        all.limit(documents).map(Material::json).forEach(lines::add);
      }
    }
    Command.Result merged = Command.run(moerge.toArray());
    assertThat(merged.status()).as(merged.toString()).isZero();
    Collections.shuffle(lines, new Random(5));
    return new Material(model, lines, Files.write(directory.resolve("documents.jsonl"), lines));
  }

  /** What every {@code dume feed} of it is told beside where to and what. */
  List<Object> feed(String bootstrap) {
    return List.of(
        "feed",
        "--bootstrap-servers",
        bootstrap,
        "--model",
        model,
        "--context-dim",
        DemoAssets.CONTEXT_DIM,
        "--sequences-per-record",
        1,
        "--jsonl");
  }

  private static String json(Document document) {
    return JSON.createObjectNode()
        .put("domain", document.domain())
        .put("id", document.id())
        .put("text", document.text())
        .toString();
  }
}
