package io.dume.models;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The {@code config.json} of a merged model: the first expert's, with the vocabulary they share.
 */
final class MergedConfig {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<TensorType, String> TORCH_NAMES =
      Map.of(TensorType.F32, "float32", TensorType.F16, "float16", TensorType.BF16, "bfloat16");

  private MergedConfig() {}

  static ModelConfig write(
      List<Checkpoint> checkpoints, MoErge.Options options, Path directory, List<String> warnings)
      throws IOException {
    Checkpoint first = checkpoints.get(0);
    ConfigFields firstFields = fields(first);
    int shared = first.config().vocabSize();
    for (Checkpoint other : checkpoints) {
      ConfigDifferences.refuse(firstFields, first.config(), fields(other), other.config());
      shared = Math.min(shared, other.config().vocabSize());
    }
    for (Checkpoint checkpoint : checkpoints) {
      int own = checkpoint.config().vocabSize();
      if (own != shared) {
        warnings.add(
            String.format(
                Locale.ROOT,
                "%s has %d vocabulary rows, the merged model keeps the %d that all experts share",
                checkpoint.directory(),
                own,
                shared));
      }
    }
    for (int id : first.config().eosTokenIds()) {
      requireShared(firstFields, "eos_token_id", id, shared);
    }
    if (first.config().bosTokenId().isPresent()) {
      requireShared(firstFields, "bos_token_id", first.config().bosTokenId().getAsInt(), shared);
    }
    ObjectNode merged = firstFields.node().deepCopy();
    merged.put("vocab_size", shared);
    merged.remove(List.of("_name_or_path", "dtype", "architectures"));
    merged.put("torch_dtype", TORCH_NAMES.get(options.backboneType()));
    Files.write(
        directory.resolve(Checkpoint.CONFIG),
        JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(merged));
    return first.config().withVocabSize(shared);
  }

  private static ConfigFields fields(Checkpoint checkpoint) throws IOException {
    return ConfigFields.read(checkpoint.directory().resolve(Checkpoint.CONFIG));
  }

  private static void requireShared(ConfigFields fields, String field, int id, int shared)
      throws InvalidModelException {
    if (id >= shared) {
      throw InvalidModelException.of(
          fields.file(),
          field + " = " + id + ": outside the " + shared + " rows that the experts share");
    }
  }
}
