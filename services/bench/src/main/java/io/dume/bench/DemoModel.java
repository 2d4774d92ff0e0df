package io.dume.bench;

import io.dume.demo.DemoAssets;
import io.dume.models.MoErge;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The demo's experts, merged. */
final class DemoModel {
  private DemoModel() {}

  /**
   * Unpacks and merges the demo's experts.
   *
   * @param scratch where to
   * @return the merged model's directory
   * @throws IOException if it can't be written
   */
  static Path merge(Path scratch) throws IOException {
    Path demo = DemoAssets.unpack(scratch.resolve("demo"));
    List<MoErge.Expert> experts =
        DemoAssets.DOMAINS.stream()
            .map(domain -> new MoErge.Expert(domain, DemoAssets.expert(demo, domain)))
            .toList();
    Path model = demo.resolve("model");
    MoErge.merge(experts, model, MoErge.Options.DEFAULT);
    return model;
  }

  /** The arguments of {@code dume up} that name the model and suit it. */
  static List<String> arguments(Path model) {
    return List.of(
        "--model", model.toString(), "--context-dim", Integer.toString(DemoAssets.CONTEXT_DIM));
  }
}
