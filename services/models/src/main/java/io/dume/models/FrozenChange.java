package io.dume.models;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A change of a merged directory's experts that leaves the backbone as it is.
 *
 * <p>In place, the manifest is what counts: an expert's file is there, durably, before the manifest
 * that lists it replaces the old one in one step, and goes after the manifest that doesn't. So
 * whoever reads, and whatever is killed when, finds the old model or the new. Files that a killed
 * change left are deleted by the next.
 */
final class FrozenChange {

  private FrozenChange() {}

  static MoErge.Change add(Path merged, List<MoErge.Expert> experts) throws IOException {
    MergedManifest.read(merged);
    try (ChangeLock lock = ChangeLock.take(merged);
        MergedModel model = MergedModel.open(merged)) {
      sweep(lock.directory(), model.manifest());
      return write(model, experts, lock.directory());
    }
  }

  static MoErge.Change add(Path base, List<MoErge.Expert> experts, Path out, boolean force)
      throws IOException {
    requireElsewhere(base, out);
    try (MergedModel model = MergedModel.open(base);
        MergeTarget target = MergeTarget.prepare(out, force)) {
      copy(model, model.manifest(), target.directory());
      MoErge.Change change = write(model, experts, target.directory());
      target.moveIntoPlace();
      return change;
    }
  }

  static MoErge.Change remove(Path merged, List<String> names) throws IOException {
    MergedManifest.read(merged);
    try (ChangeLock lock = ChangeLock.take(merged)) {
      MergedManifest old = MergedManifest.read(merged);
      MergedManifest manifest = without(merged, old, names);
      manifest.write(lock.directory());
      sweep(lock.directory(), manifest);
      return new MoErge.Change(manifest, List.of(), List.of());
    }
  }

  static MoErge.Change remove(Path base, List<String> names, Path out, boolean force)
      throws IOException {
    requireElsewhere(base, out);
    try (MergedModel model = MergedModel.open(base)) {
      MergedManifest manifest = without(base, model.manifest(), names);
      try (MergeTarget target = MergeTarget.prepare(out, force)) {
        copy(model, manifest, target.directory());
        manifest.write(target.directory());
        target.moveIntoPlace();
        return new MoErge.Change(manifest, List.of(), List.of());
      }
    }
  }

  private static void requireElsewhere(Path base, Path out) throws IOException {
    if (Files.exists(base) && Files.exists(out) && Files.isSameFile(base, out)) {
      throw new IllegalArgumentException(
          out + ": is the merged model itself: change it in place, or choose another directory");
    }
  }

  /** Writes experts' files and then the manifest that lists them behind the model's own. */
  private static MoErge.Change write(MergedModel model, List<MoErge.Expert> experts, Path place)
      throws IOException {
    requireFree(model, experts);
    List<MergedManifest.Expert> kept = new ArrayList<>(model.manifest().experts());
    List<MoErge.Addition> additions = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    List<Checkpoint> checkpoints = new ArrayList<>();
    try {
      // All are looked at before the first is written.
      for (MoErge.Expert expert : experts) {
        Checkpoint checkpoint = Checkpoint.open(expert.directory());
        checkpoints.add(checkpoint);
        ExpertFit.require(model, checkpoint, warnings);
      }
      for (int e = 0; e < experts.size(); e++) {
        String name = experts.get(e).name();
        Checkpoint checkpoint = checkpoints.get(e);
        BackboneDistance distance = BackboneDistance.between(model, checkpoint);
        String mlp = MoErge.writeExpert(checkpoint, MergedModel.expertFile(place, name));
        kept.stream()
            .filter(other -> other.fingerprint().equals(mlp))
            .forEach(other -> warnings.add(name + " has the very MLPs of " + other.name()));
        kept.add(new MergedManifest.Expert(name, mlp, false));
        additions.add(new MoErge.Addition(name, distance.attention(), distance.rest()));
      }
    } finally {
      for (Checkpoint checkpoint : checkpoints) {
        checkpoint.close();
      }
    }
    DurableFiles.force(MergedModel.expertFile(place, experts.get(0).name()).getParent());
    MergedManifest manifest = new MergedManifest(kept, model.manifest().backboneFingerprint());
    manifest.write(place);
    return new MoErge.Change(manifest, additions, warnings);
  }

  private static void requireFree(MergedModel model, List<MoErge.Expert> experts) {
    MoErge.requireDistinct(experts);
    for (MoErge.Expert expert : experts) {
      if (model.manifest().indexOf(expert.name()).isPresent()) {
        throw new IllegalArgumentException(
            "expert %s: %s has one of this name: choose another name, or remove that one first"
                .formatted(expert.name(), model.directory()));
      }
    }
  }

  private static MergedManifest without(Path directory, MergedManifest old, List<String> names) {
    if (names.isEmpty()) {
      throw new IllegalArgumentException("no expert to remove is given: at least one is needed");
    }
    Set<String> leaving = new HashSet<>();
    for (String name : names) {
      if (old.indexOf(name).isEmpty()) {
        throw new IllegalArgumentException(
            "expert %s: %s has none of this name; it has %s"
                .formatted(name, directory, old.expertNames()));
      }
      if (!leaving.add(name)) {
        throw new IllegalArgumentException("the expert name " + name + " is given twice");
      }
    }
    List<MergedManifest.Expert> staying =
        old.experts().stream().filter(expert -> !leaving.contains(expert.name())).toList();
    if (staying.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: no expert would be left of %s: keep one, or delete the directory"
              .formatted(directory, old.expertNames()));
    }
    return new MergedManifest(staying, old.backboneFingerprint());
  }

  /**
   * Gives a new directory all that the listed experts need. Weights are hard links where the file
   * system has them: nobody ever writes into a weight file that is in place.
   */
  private static void copy(MergedModel model, MergedManifest experts, Path to) throws IOException {
    Path from = model.directory();
    Files.copy(from.resolve(Checkpoint.CONFIG), to.resolve(Checkpoint.CONFIG));
    MergedTokenizer.copyFiles(from, to);
    linkOrCopy(from.resolve(MergedModel.BACKBONE), to.resolve(MergedModel.BACKBONE));
    Files.createDirectory(to.resolve("experts"));
    for (String name : experts.expertNames()) {
      linkOrCopy(MergedModel.expertFile(from, name), MergedModel.expertFile(to, name));
    }
    if (!MergedManifest.read(from).equals(model.manifest())) {
      throw new InvalidModelException(
          from + ": its experts were changed while they were copied: start again");
    }
  }

  private static void linkOrCopy(Path from, Path to) throws IOException {
    try {
      Files.createLink(to, from.toRealPath());
    } catch (FileSystemException | UnsupportedOperationException noLink) {
      // Another file system, or one without links; if it is something else, the copy fails too.
      try {
        Files.copy(from, to);
      } catch (IOException e) {
        e.addSuppressed(noLink);
        throw e;
      }
    }
  }

  /** Deletes the files of experts that left, and what changes that were killed have left. */
  private static void sweep(Path directory, MergedManifest manifest) throws IOException {
    Set<Path> listed = new HashSet<>();
    manifest.expertNames().forEach(n -> listed.add(MergedModel.expertFile(directory, n)));
    List<Path> files = new ArrayList<>();
    try (Stream<Path> top = Files.list(directory);
        Stream<Path> experts = Files.list(directory.resolve("experts"))) {
      top.filter(file -> DurableFiles.isAside(file, MergedManifest.FILE)).forEach(files::add);
      experts
          .filter(file -> file.toString().endsWith(".safetensors") || DurableFiles.isAside(file))
          .filter(file -> !listed.contains(file) && Files.isRegularFile(file))
          .forEach(files::add);
    }
    for (Path file : files) {
      Files.delete(file);
    }
  }
}
