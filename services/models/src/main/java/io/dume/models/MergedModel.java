package io.dume.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The files of a merged model directory, open for reading: {@code backbone.safetensors} and one
 * {@code experts/NAME.safetensors} each, checked against configuration and manifest.
 *
 * <p>Opening looks at headers only. The fingerprints are compared when the weights are read, since
 * every byte passes by then anyway. Experts may come and go while a directory is opened; what is
 * open is one list of experts with all of its files, and stays readable when a file's name goes.
 */
final class MergedModel implements AutoCloseable {

  static final String BACKBONE = "backbone.safetensors";

  private final Path directory;
  private final ModelConfig config;
  private final MergedManifest manifest;
  private final TensorFiles backbone;
  private final List<TensorFiles> experts;

  private MergedModel(
      Path directory,
      ModelConfig config,
      MergedManifest manifest,
      TensorFiles backbone,
      List<TensorFiles> experts) {
    this.directory = directory;
    this.config = config;
    this.manifest = manifest;
    this.backbone = backbone;
    this.experts = experts;
  }

  static Path expertFile(Path directory, String name) {
    return directory.resolve("experts").resolve(name + ".safetensors");
  }

  static MergedModel open(Path directory) throws IOException {
    while (true) {
      MergedManifest manifest = MergedManifest.read(directory);
      MergedModel model;
      try {
        model = open(directory, manifest);
      } catch (IOException | RuntimeException e) {
        if (MergedManifest.read(directory).equals(manifest)) {
          throw e;
        }
        // A file of the list that was read went while it was opened: the list of now is whole.
        continue;
      }
      if (isUnchanged(model)) {
        return model;
      }
      model.close();
    }
  }

  private static boolean isUnchanged(MergedModel model) throws IOException {
    try {
      return MergedManifest.read(model.directory).equals(model.manifest);
    } catch (IOException e) {
      model.close();
      throw e;
    }
  }

  private static MergedModel open(Path directory, MergedManifest manifest) throws IOException {
    ModelConfig config = ModelConfig.read(directory.resolve(Checkpoint.CONFIG));
    List<TensorFiles> experts = new ArrayList<>();
    MergedModel model =
        new MergedModel(
            directory,
            config,
            manifest,
            openFile(directory.resolve(BACKBONE), ModelTensors.backbone(config, TensorType.F32)),
            experts);
    try {
      for (String name : manifest.expertNames()) {
        experts.add(
            openFile(expertFile(directory, name), ModelTensors.mlps(config, TensorType.F32)));
      }
    } catch (IOException | RuntimeException e) {
      model.close();
      throw e;
    }
    return model;
  }

  private static TensorFiles openFile(Path file, Collection<TensorSpec> expected)
      throws IOException {
    if (!Files.exists(file)) {
      throw InvalidModelException.of(file, "missing, but the manifest lists it");
    }
    TensorFiles tensors = TensorFiles.open(List.of(file));
    try {
      tensors.require(file, expected);
      Set<String> unknown = new TreeSet<>(tensors.names());
      expected.forEach(spec -> unknown.remove(spec.name()));
      if (!unknown.isEmpty()) {
        throw InvalidModelException.of(file, unknown.iterator().next(), "does not belong here");
      }
    } catch (IOException | RuntimeException e) {
      tensors.close();
      throw e;
    }
    return tensors;
  }

  Path directory() {
    return directory;
  }

  ModelConfig config() {
    return config;
  }

  MergedManifest manifest() {
    return manifest;
  }

  TensorFiles backbone() {
    return backbone;
  }

  /**
   * Returns where an expert with this name and these MLPs is.
   *
   * @throws InvalidModelException if it has left
   */
  int indexOf(MergedManifest.Expert expert) throws InvalidModelException {
    for (int e = 0; e < experts.size(); e++) {
      if (manifest.experts().get(e).isSameAs(expert)) {
        return e;
      }
    }
    throw InvalidModelException.of(
        directory,
        "expert " + expert.name() + " left after the model was loaded: load it again, or add it");
  }

  TensorFiles expert(int index) {
    return experts.get(index);
  }

  void verifyBackbone(Fingerprint read) throws InvalidModelException {
    verify(directory.resolve(BACKBONE), manifest.backboneFingerprint(), read);
  }

  void verifyExpert(int index, Fingerprint read) throws InvalidModelException {
    MergedManifest.Expert expert = manifest.experts().get(index);
    verify(expertFile(directory, expert.name()), expert.fingerprint(), read);
  }

  private static void verify(Path file, String expected, Fingerprint read)
      throws InvalidModelException {
    if (!read.hex().equals(expected)) {
      throw InvalidModelException.of(
          file,
          "fingerprint "
              + read.hex()
              + " is not the manifest's "
              + expected
              + ": the weights or config.json were changed after the merge");
    }
  }

  @Override
  public void close() throws IOException {
    List<TensorFiles> all = new ArrayList<>(experts);
    all.add(backbone);
    for (TensorFiles files : all) {
      files.close();
    }
  }
}
