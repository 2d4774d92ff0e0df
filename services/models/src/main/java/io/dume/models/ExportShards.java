package io.dume.models;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How an export's tensors are spread over files: in their order, each file as full as it may get. A
 * tensor larger than that has a file of its own.
 */
final class ExportShards {

  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<List<ExportedTensor>> shards;
  private final long bytes;

  ExportShards(List<ExportedTensor> tensors, long maxBytes) {
    List<List<ExportedTensor>> filled = new ArrayList<>();
    List<ExportedTensor> current = new ArrayList<>();
    long size = 0;
    long all = 0;
    for (ExportedTensor tensor : tensors) {
      long own = tensor.spec().byteSize();
      if (!current.isEmpty() && size + own > maxBytes) {
        filled.add(List.copyOf(current));
        current.clear();
        size = 0;
      }
      current.add(tensor);
      size += own;
      all += own;
    }
    filled.add(List.copyOf(current));
    this.shards = List.copyOf(filled);
    this.bytes = all;
  }

  int count() {
    return shards.size();
  }

  /** Returns the bytes of all tensors. */
  long bytes() {
    return bytes;
  }

  List<ExportedTensor> tensors(int shard) {
    return shards.get(shard);
  }

  String file(int shard) {
    return shards.size() == 1
        ? SINGLE
        : "model-%05d-of-%05d.safetensors".formatted(shard + 1, shards.size());
  }

  /** Opens the writer of a shard. */
  SafetensorsWriter writer(int shard, Path directory) throws IOException {
    return new SafetensorsWriter(
        directory.resolve(file(shard)),
        tensors(shard).stream().map(ExportedTensor::spec).toList(),
        Map.of("format", "pt"));
  }

  /** Writes which file has which tensor, if there is more than one. */
  void writeIndex(Path directory) throws IOException {
    if (shards.size() == 1) {
      return;
    }
    ObjectNode root = JSON.createObjectNode();
    root.putObject("metadata").put("total_size", bytes);
    ObjectNode map = root.putObject("weight_map");
    for (int shard = 0; shard < shards.size(); shard++) {
      for (ExportedTensor tensor : shards.get(shard)) {
        map.put(tensor.spec().name(), file(shard));
      }
    }
    Files.write(
        directory.resolve(INDEX), JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
  }
}
