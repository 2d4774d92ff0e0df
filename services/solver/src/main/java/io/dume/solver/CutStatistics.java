package io.dume.solver;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The statistics that a router version was solved from, read again from the topics: the same
 * doubles that the solver had. They are there for as long as layer-statistics keeps them (an hour
 * by default). All methods are thread-safe.
 */
public final class CutStatistics {
  private static final Logger LOG = LoggerFactory.getLogger(CutStatistics.class);

  private final KafkaSettings kafka;
  private final Topics topics;

  /**
   * @param kafka how to reach the cluster
   * @param topics the installation
   */
  public CutStatistics(KafkaSettings kafka, Topics topics) {
    this.kafka = kafka;
    this.topics = topics;
  }

  /**
   * Reads all layers of a cut. Memory: two layers at a time, of (d+1)² doubles each, or 64 MiB of
   * them.
   *
   * @param fit the fit, as in {@code RouterVersion.getFit().getId()}
   * @param cut the cut's number, as in {@code RouterVersion.getCut()}
   * @param timeout how long to wait without any news
   * @param sink gets each layer, in no certain order; what it throws comes out here
   * @return the cut
   * @throws CutUnavailableException if there is no such cut, a layer of it failed, or its
   *     statistics are no longer there or do not arrive
   */
  public Cut read(Id fit, long cut, Duration timeout, Consumer<LayerStatistics> sink)
      throws CutUnavailableException {
    Cut found =
        find(fit, cut)
            .orElseThrow(
                () ->
                    new CutUnavailableException(
                        "cut %d of fit %s is not in %s"
                            .formatted(cut, Ids.hex(fit), topics.cuts())));
    String clientId = topics.prefix() + "cut-statistics";
    try (LayerStatisticsReader reader =
        new LayerStatisticsReader(
            kafka,
            topics,
            clientId,
            timeout,
            (record, problem) ->
                LOG.warn("{} offset {}: {}", record.topic(), record.offset(), problem))) {
      reader.read(
          found,
          false,
          HeapMatrix::new,
          layer -> sink.accept(whole(LayerAssembly.statistics(layer.place(), layer.training()))),
          () -> {},
          (ofFit, number) -> find(ofFit, number).isPresent());
      return found;
    } catch (UnsolvableException e) {
      throw new CutUnavailableException("cut %d: %s".formatted(cut, e.getMessage()));
    }
  }

  /** With the other triangle of A, which a solver does not need. */
  private static LayerStatistics whole(LayerStatistics statistics) {
    int n = statistics.size();
    double[] a = statistics.a();
    for (int i = 1; i < n; i++) {
      for (int j = 0; j < i; j++) {
        a[i * n + j] = a[j * n + i];
      }
    }
    return statistics;
  }

  private Optional<Cut> find(Id fit, long number) {
    var properties = kafka.reader(Map.of("client.id", topics.prefix() + "cut-finder"));
    TopicPartition partition = new TopicPartition(topics.cuts(), 0);
    List<Cut> found = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (found.isEmpty() && consumer.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          decode(record)
              .filter(cut -> cut.getFit().equals(fit) && cut.getCut() == number)
              .ifPresent(found::add);
        }
      }
    }
    return found.stream().findFirst();
  }

  private static Optional<Cut> decode(ConsumerRecord<byte[], byte[]> record) {
    try {
      return Optional.of(Received.cut(record));
    } catch (MalformedMessageException e) {
      LOG.warn("{} offset {}: {}", record.topic(), record.offset(), e.getMessage());
      return Optional.empty();
    }
  }
}
