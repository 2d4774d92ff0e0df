package io.dume.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the {@code dume.json} of a merged model directory says: which experts, in which order, and
 * the fingerprints of all weights. Statistics are tied to these fingerprints, so a model is always
 * named by its content.
 *
 * @param experts the experts in order: an expert's index is its column in every router
 * @param backboneFingerprint SHA-256, in hexadecimal, over the backbone's tensors (name, type,
 *     shape, bytes) and the configuration that its arithmetic depends on
 */
public record MergedManifest(List<Expert> experts, String backboneFingerprint) {

  static final String FILE = "dume.json";
  private static final String FORMAT = "dume-merged-model/1";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One expert of a merged model.
   *
   * @param name letters, digits, {@code . _ -}; at most 64
   * @param fingerprint SHA-256, in hexadecimal, over the expert's MLP tensors
   * @param averaged whether the backbone is an average over this expert too; false of one that
   *     joined when the backbone was there already. A manifest without the field means true.
   */
  public record Expert(String name, String fingerprint, boolean averaged) {
    /** Checks the form of the name and of the fingerprint. */
    public Expert {
      requireName(name);
      requireFingerprint("fingerprint of expert " + name, fingerprint);
    }

    /** Returns whether the other has this one's name and MLPs. */
    boolean isSameAs(Expert other) {
      return name.equals(other.name) && fingerprint.equals(other.fingerprint);
    }
  }

  /** Checks that there is an expert, no name twice, and the form of the fingerprint. */
  public MergedManifest {
    experts = List.copyOf(experts);
    if (experts.isEmpty()) {
      throw new IllegalArgumentException("experts: a merged model has at least one");
    }
    Set<String> names = new HashSet<>();
    for (Expert expert : experts) {
      if (!names.add(expert.name())) {
        throw new IllegalArgumentException("experts: the name " + expert.name() + " stands twice");
      }
    }
    requireFingerprint("backbone fingerprint", backboneFingerprint);
  }

  static void requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "expert name \""
              + name
              + "\": use letters, digits, '.', '_' and '-', at most 64, beginning with a letter or"
              + " digit");
    }
  }

  private static void requireFingerprint(String what, String value) {
    if (!SHA256.matcher(value).matches()) {
      throw new IllegalArgumentException(what + " \"" + value + "\": not a SHA-256 in hexadecimal");
    }
  }

  /**
   * Reads the manifest of a merged model directory, without looking at the weights.
   *
   * @throws InvalidModelException if the directory has none or it is not valid
   */
  public static MergedManifest read(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    if (!Files.exists(file)) {
      throw InvalidModelException.of(
          directory, "not a merged model: no " + FILE + " (make one with dume moerge)");
    }
    ConfigFields fields = ConfigFields.read(file);
    if (!fields.text("format").equals(FORMAT)) {
      throw fields.refuse("format", "this version reads " + FORMAT);
    }
    List<Expert> experts = new ArrayList<>();
    try {
      for (JsonNode expert : fields.get("experts")) {
        ConfigFields entry = new ConfigFields(file, "experts[" + experts.size() + "].", expert);
        experts.add(
            new Expert(
                entry.text("name"), entry.text("fingerprint"), entry.flag("averaged", true)));
      }
      return new MergedManifest(experts, fields.object("backbone").text("fingerprint"));
    } catch (IllegalArgumentException e) {
      throw new InvalidModelException(file + ": " + e.getMessage(), e);
    }
  }

  /** Makes or replaces a directory's manifest in one step, durably. */
  void write(Path directory) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT);
    ArrayNode list = root.putArray("experts");
    for (Expert expert : experts) {
      list.addObject()
          .put("name", expert.name())
          .put("fingerprint", expert.fingerprint())
          .put("averaged", expert.averaged());
    }
    root.putObject("backbone").put("fingerprint", backboneFingerprint);
    DurableFiles.replace(
        directory.resolve(FILE), JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
  }

  /** Returns the experts' names in order. */
  public List<String> expertNames() {
    return experts.stream().map(Expert::name).toList();
  }

  /** Returns the index of the expert with this name, if there is one. */
  public OptionalInt indexOf(String name) {
    int index = expertNames().indexOf(name);
    return index < 0 ? OptionalInt.empty() : OptionalInt.of(index);
  }
}
