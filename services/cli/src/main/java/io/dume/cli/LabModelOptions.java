package io.dume.cli;

import io.dume.models.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** A model, its experts and its text, where the lab is not to take the demo's. */
final class LabModelOptions {

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description =
          "A merged model, as dume moerge writes it; then --expert, --train, --validation and --test"
              + " are needed too. Default: the demo's experts and text.")
  private Optional<Path> model = Optional.empty();

  @Option(
      names = "--expert",
      paramLabel = "NAME=DIR",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "Each of the model's dense experts and its Hugging Face directory, in order.")
  private List<NamedDirectory> experts = new ArrayList<>();

  @Option(
      names = "--train",
      paramLabel = "FILE",
      arity = "1..*",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "Documents to learn from, as `dume feed --jsonl` takes them.")
  private List<Path> train = new ArrayList<>();

  @Option(
      names = "--validation",
      paramLabel = "FILE",
      arity = "1..*",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "Documents to choose a routing policy by.")
  private List<Path> validation = new ArrayList<>();

  @Option(
      names = "--test",
      paramLabel = "FILE",
      arity = "1..*",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "Documents to judge by.")
  private List<Path> test = new ArrayList<>();

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "auto",
      description =
          "auto, cpu, cuda or cuda:N; auto takes a CUDA device where there is one. Default:"
              + " ${DEFAULT-VALUE}.")
  private String device = "auto";

  /** Whether there is a model other than the demo's. */
  boolean given() {
    return model.isPresent();
  }

  /** Refuses a part of what is needed. */
  void requireWhole(CommandSpec spec) {
    boolean none = experts.isEmpty() && train.isEmpty() && validation.isEmpty() && test.isEmpty();
    boolean all =
        !experts.isEmpty() && !train.isEmpty() && !validation.isEmpty() && !test.isEmpty();
    if (given() ? !all : !none) {
      throw new ParameterException(
          spec.commandLine(),
          "--model, --expert, --train, --validation and --test go together: give all, or none for the demo's");
    }
  }

  /**
   * Refuses text in more than one of the three parts.
   *
   * @throws IllegalArgumentException if a file is in two of them
   */
  void requireOtherText() throws IOException {
    OtherText.require("--train", train, "what has learnt from", "--validation", validation);
    OtherText.require("--train", train, "what has learnt from", "--test", test);
    OtherText.require("--validation", validation, "what is chosen on", "--test", test);
  }

  Path model() {
    return model.orElseThrow();
  }

  Map<String, Path> experts() {
    Map<String, Path> directories = new LinkedHashMap<>();
    experts.forEach(expert -> directories.put(expert.name(), expert.directory()));
    return directories;
  }

  LabText text() {
    return new LabText(train, validation, test, new ArrayList<>());
  }

  Device device() {
    return Device.resolve(device);
  }
}
