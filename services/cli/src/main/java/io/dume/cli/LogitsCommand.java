package io.dume.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.models.MixtureModel;
import io.dume.models.Routing;
import io.dume.models.SafetensorsWriter;
import io.dume.models.TensorSpec;
import io.dume.models.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dume logits}: what the mixture says of given token ids. */
@Command(
    name = "logits",
    description = "Writes the mixture's logits for sequences of token ids.",
    footer = {
      "",
      "Example:",
      "  echo '[[12, 7, 99]]' > ids.json",
      "  dume logits --model merged --router router.safetensors --ids ids.json --out"
          + " logits.safetensors"
    })
final class LogitsCommand implements Callable<Integer> {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--router",
      paramLabel = "FILE|average|random|oracle:NAME",
      required = true,
      description =
          "A router file; or all parameters averaged, a random expert for each token and layer, or one"
              + " expert for all tokens.")
  private String router;

  @Option(
      names = "--ids",
      paramLabel = "FILE",
      required = true,
      description = "A JSON array of arrays of token ids.")
  private Path ids;

  @Mixin private RoutingOptions routing = new RoutingOptions();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "Receives the tensors logits.0, logits.1, …: float32, (tokens, vocabulary).")
  private Path out;

  private final CliContext context;

  LogitsCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    List<int[]> sequences = readIds();
    try (MixtureModel mixture = MixtureModel.load(model.directory(), model.device())) {
      Routing chosen = routing.routing(router, mixture);
      int vocabulary = mixture.config().vocabSize();
      List<TensorSpec> specs = new ArrayList<>();
      for (int i = 0; i < sequences.size(); i++) {
        specs.add(
            TensorSpec.of("logits." + i, TensorType.F32, sequences.get(i).length, vocabulary));
      }
      try (SafetensorsWriter writer = new SafetensorsWriter(out, specs, Map.of("router", router))) {
        for (int i = 0; i < sequences.size(); i++) {
          writer.write("logits." + i, mixture.logits(sequences.get(i), ordinal(chosen, i)));
          context.console().progress("%d of %d sequences".formatted(i + 1, sequences.size()));
        }
        writer.finish();
      }
    }
    context.console().note("%d sequences written to %s".formatted(sequences.size(), out));
    return ExitCode.OK;
  }

  private List<int[]> readIds() throws IOException {
    JsonNode sequences;
    try {
      sequences = JSON.readTree(Files.readAllBytes(ids));
    } catch (JsonProcessingException e) {
      throw notIds(e.getOriginalMessage());
    }
    if (!sequences.isArray()) {
      throw notIds("it is no array");
    }
    List<int[]> read = new ArrayList<>();
    for (JsonNode sequence : sequences) {
      read.add(sequence(sequence, read.size()));
    }
    return read;
  }

  private int[] sequence(JsonNode sequence, int number) throws IOException {
    if (!sequence.isArray()) {
      throw notIds("sequence %d is no array".formatted(number));
    }
    if (sequence.isEmpty()) {
      throw notIds("sequence %d is empty; give it at least one token".formatted(number));
    }
    int[] read = new int[sequence.size()];
    for (int i = 0; i < read.length; i++) {
      JsonNode id = sequence.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToInt()) {
        throw notIds("sequence %d, position %d is %s".formatted(number, i, id));
      }
      read[i] = id.intValue();
    }
    return read;
  }

  private IOException notIds(String problem) {
    return new IOException(
        "--ids %s is not a JSON array of arrays of token ids: %s".formatted(ids, problem));
  }

  /** Random routing draws for a sequence of the file, whatever stands around it. */
  private static Routing ordinal(Routing chosen, int sequence) {
    return chosen instanceof Routing.UniformRandom random
        ? new Routing.UniformRandom(random.seed(), sequence)
        : chosen;
  }
}
