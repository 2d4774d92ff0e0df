package io.dume.extractor;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.PartitionOffset;
import io.dume.schemas.wire.Ids;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;

/** A fit as whoever has a model would create it, for a worker or for a replay. */
public final class FitProposal {
  private FitProposal() {}

  /** Where a fit starts in token-batches. */
  public sealed interface Start {
    /** At the first record that is there. */
    record Beginning() implements Start {}

    /**
     * At offsets.
     *
     * @param offsets by partition; in others at the first record that is there
     */
    record At(Map<Integer, Long> offsets) implements Start {
      public At {
        offsets = Map.copyOf(offsets);
      }
    }

    /**
     * At the first record with this timestamp or a later one, in each partition.
     *
     * @param time the earliest timestamp
     */
    record Since(Instant time) implements Start {}
  }

  /**
   * Makes a proposal.
   *
   * @param admin a client of the cluster, left open
   * @param topics the installation, whose topics must be there
   * @param settings what the fit is to be
   * @param model who the model is
   * @param start where it starts
   * @return a fit with its id; it exists when the control log has it
   * @throws ExtractorException if it can't be: the model takes no sequences that long, or records
   *     that it would have to start with are gone or not there yet
   * @throws InterruptedException if interrupted while the cluster answers
   */
  public static Fit of(
      Admin admin, Topics topics, FitSettings settings, ExtractionModel.Identity model, Start start)
      throws InterruptedException {
    if (settings.contextDim() > model.maxPositions()) {
      throw new ExtractorException(
          "context_dim of %d: the model takes sequences of at most %d tokens"
              .formatted(settings.contextDim(), model.maxPositions()));
    }
    Fit fit =
        new Fit(
            Ids.random(),
            model.backbone(),
            model.features().toString(),
            settings.contextDim(),
            settings.fractionBits(),
            settings.tileSize(),
            model.profile(),
            settings.label(),
            model.layers(),
            model.width(),
            model.vocabulary(),
            settings.sequenceLimit(model),
            settings.recordLimit(model),
            model.tokenizer(),
            partitions(admin, topics.partialStatistics()),
            positions(admin, topics.tokenBatches(), start));
    return Fit.newBuilder(fit).setId(Ids.ofFit(fit)).build();
  }

  static int partitions(Admin admin, String topic) throws InterruptedException {
    return Topics.partitions(admin, topic)
        .orElseThrow(() -> new ExtractorException("topic " + topic + " was deleted"));
  }

  private static List<PartitionOffset> positions(Admin admin, String topic, Start start)
      throws InterruptedException {
    int count = partitions(admin, topic);
    Map<Integer, Long> earliest = offsets(admin, topic, count, OffsetSpec.earliest());
    Map<Integer, Long> chosen = new HashMap<>(earliest);
    if (start instanceof Start.At at) {
      requireThere(at.offsets(), earliest, offsets(admin, topic, count, OffsetSpec.latest()));
      chosen.putAll(at.offsets());
    } else if (start instanceof Start.Since since) {
      chosen = since(admin, topic, earliest, since.time());
    }
    List<PartitionOffset> positions = new ArrayList<>();
    for (int p = 0; p < count; p++) {
      positions.add(new PartitionOffset(p, chosen.get(p)));
    }
    return positions;
  }

  private static void requireThere(
      Map<Integer, Long> wanted, Map<Integer, Long> earliest, Map<Integer, Long> latest) {
    wanted.forEach(
        (partition, offset) -> {
          if (!earliest.containsKey(partition)) {
            throw new ExtractorException(
                "a start in partition %d of token-batches, which has partitions 0 to %d"
                    .formatted(partition, earliest.size() - 1));
          }
          if (offset < earliest.get(partition) || offset > latest.get(partition)) {
            throw new ExtractorException(
                "a start at offset %d of partition %d of token-batches: its records are at %d to %d"
                    .formatted(offset, partition, earliest.get(partition), latest.get(partition)));
          }
        });
  }

  private static Map<Integer, Long> since(
      Admin admin, String topic, Map<Integer, Long> earliest, Instant time)
      throws InterruptedException {
    int count = earliest.size();
    Map<Integer, Long> found =
        offsets(admin, topic, count, OffsetSpec.forTimestamp(time.toEpochMilli()));
    Map<Integer, Long> latest = offsets(admin, topic, count, OffsetSpec.latest());
    found.replaceAll((partition, offset) -> offset < 0 ? latest.get(partition) : offset);
    found.forEach(
        (partition, offset) -> {
          if (earliest.get(partition) > 0 && offset <= earliest.get(partition)) {
            throw new ExtractorException(
                "a start at %s: the records before offset %d of partition %d of token-batches are gone, and some may be of that time; start at the beginning of what is left, or later"
                    .formatted(time, earliest.get(partition), partition));
          }
        });
    return found;
  }

  private static Map<Integer, Long> offsets(Admin admin, String topic, int count, OffsetSpec spec)
      throws InterruptedException {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    for (int p = 0; p < count; p++) {
      wanted.put(new TopicPartition(topic, p), spec);
    }
    try {
      Map<Integer, Long> offsets = new HashMap<>();
      for (Map.Entry<TopicPartition, ListOffsetsResultInfo> found :
          admin.listOffsets(wanted).all().get().entrySet()) {
        offsets.put(found.getKey().partition(), found.getValue().offset());
      }
      return offsets;
    } catch (ExecutionException e) {
      throw new ExtractorException(
          "the offsets of topic %s could not be read: %s"
              .formatted(topic, e.getCause().getMessage()),
          e.getCause());
    }
  }
}
