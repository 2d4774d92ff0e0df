package io.dume.cli;

import io.dume.models.RouterWeights;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import io.dume.solver.RouterPublication;
import io.dume.solver.SolverConfig;
import io.dume.solver.TrainedGates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code dume router publish}: trained gates as a version like any other. */
@Command(
    name = "publish",
    description = {
      "Publishes gates that were trained as the router's next version.",
      "The version says that it was trained, how, and from which version; subscribers get it like any"
          + " other. The file must be what `dume router train` wrote, from a version of this router,"
          + " and of the fit, the experts and the domains that it has now: one that lost a domain"
          + " since is to be solved again before. The router's solver may run meanwhile: a cut that it"
          + " is solving is solved again, with the number after. The next solved version takes the"
          + " place of this one."
    },
    footer = {
      "",
      "Example:",
      "  dume router export --out solved.safetensors",
      "  dume router train --model merged --router solved.safetensors --jsonl train.jsonl --out"
          + " trained.safetensors",
      "  dume router publish trained.safetensors"
    })
final class PublishRouterCommand implements Callable<Integer> {

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();

  @Parameters(paramLabel = "FILE", description = "The trained router.")
  private Path file;

  private final CliContext context;

  PublishRouterCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    TrainedGates gates = gates(RouterWeights.read(file));
    SolverConfig config =
        SolverConfig.defaults(kafka.settings())
            .withTopics(kafka.topics())
            .withRouter(router.name());
    RouterVersion version = new RouterPublication(config, context.clock()).publish(gates);
    context
        .console()
        .result(
            "version %d of router %s published: %s"
                .formatted(
                    version.getVersion(),
                    version.getRouter(),
                    TrainingRecord.sentence(gates.training())));
    return ExitCode.OK;
  }

  private TrainedGates gates(RouterWeights weights) {
    Map<String, String> metadata = weights.metadata();
    if (!metadata.containsKey(TrainingRecord.KEY)) {
      throw new IllegalArgumentException(
          "%s does not say how its gates were trained: publish what `dume router train` wrote; `dume solve` asks for a solved version"
              .formatted(file));
    }
    String record = metadata.get(TrainingRecord.KEY);
    Training training = TrainingRecord.parse(file.toString(), record);
    String ofRouter = required(metadata, "router");
    if (!ofRouter.equals(router.name())) {
      throw new IllegalArgumentException(
          "%s was trained from a version of router %s: give --router-name %s"
              .formatted(file, ofRouter, ofRouter));
    }
    List<float[]> gates = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int layer = 0; layer < weights.layers(); layer++) {
      gates.add(weights.weight(layer));
      biases.add(weights.bias(layer));
    }
    return new TrainedGates(
        required(metadata, RouterWeights.BACKBONE),
        experts(metadata),
        gates,
        biases,
        training,
        TrainingRecord.startSha256(file.toString(), record),
        weights.policy().map(Policies::message));
  }

  private List<Expert> experts(Map<String, String> metadata) {
    String[] names = required(metadata, RouterWeights.EXPERTS).split(",", -1);
    String[] mlps = required(metadata, RouterWeights.MLPS).split(",", -1);
    if (names.length != mlps.length) {
      throw new IllegalArgumentException(
          "%s names %d experts and has fingerprints of %d: train again from an exported version"
              .formatted(file, names.length, mlps.length));
    }
    List<Expert> experts = new ArrayList<>();
    for (int i = 0; i < names.length; i++) {
      experts.add(new Expert(names[i], mlps[i]));
    }
    return experts;
  }

  private String required(Map<String, String> metadata, String key) {
    String value = metadata.getOrDefault(key, "");
    if (value.isBlank()) {
      throw new IllegalArgumentException(
          "%s has no %s among its metadata: train from a version that `dume router export` wrote"
              .formatted(file, key));
    }
    return value;
  }
}
