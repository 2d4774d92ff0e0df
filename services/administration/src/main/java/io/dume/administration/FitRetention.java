package io.dume.administration;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.FitStatus;
import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.message.Id;
import io.dume.schemas.wire.Ids;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The fits of a router, and the end of those that nobody needs. Versions that a fit gave are whole
 * in router-versions and stay. Thread-safe.
 */
public final class FitRetention {
  private static final Duration POLL = Duration.ofMillis(100);

  /** Of the id of a fit that was removed: as many as lists show. */
  private static final int LEAST_DIGITS = 12;

  private final KafkaSettings kafka;
  private final Topics topics;
  private final String router;

  /**
   * @param kafka how to reach the cluster
   * @param topics the installation
   * @param router the router's name
   */
  public FitRetention(KafkaSettings kafka, Topics topics, String router) {
    this.kafka = kafka;
    this.topics = topics;
    this.router = router;
  }

  /**
   * All fits that were not removed.
   *
   * @return summaries in the order in which the fits were created
   */
  public List<FitSummary> list() {
    try (ControlLog log = new ControlLog(kafka, topics)) {
      ControlState state = log.state();
      return state.fits(router).stream().map(fit -> summary(state, fit)).toList();
    }
  }

  private static FitSummary summary(ControlState state, Fit fit) {
    Id id = fit.getId();
    return new FitSummary(
        fit,
        state.status(id).orElseThrow(),
        state.failure(id),
        state
            .experts(id)
            .map(l -> l.getExperts().stream().map(Expert::getName).toList())
            .orElse(List.of()),
        state
            .experts(id)
            .map(l -> l.getDomains().stream().map(DomainExpert::getDomain).toList())
            .orElse(List.of()));
  }

  /**
   * Finds a fit by the beginning of its id or by its label; one that was removed, whose removal may
   * have been cut short, by its id alone.
   *
   * @param name hexadecimal digits, or a label
   * @return the fit's id
   * @throws AdministrationException if none or several have it
   */
  public Id find(String name) {
    List<Id> found;
    try (ControlLog log = new ControlLog(kafka, topics)) {
      found = find(log.state(), name);
    }
    if (found.size() != 1) {
      throw new AdministrationException(
          "router %s has %s fit \"%s\": `dume fits list` shows ids and labels"
              .formatted(router, found.isEmpty() ? "no" : "more than one", name));
    }
    return found.get(0);
  }

  private List<Id> find(ControlState state, String name) {
    List<Id> found =
        state.fits(router).stream()
            .filter(fit -> Ids.hex(fit.getId()).startsWith(name) || fit.getLabel().equals(name))
            .map(Fit::getId)
            .toList();
    boolean isId = name.length() >= LEAST_DIGITS;
    return found.isEmpty() && isId
        ? state.removed().stream().filter(id -> Ids.hex(id).startsWith(name)).toList()
        : found;
  }

  /**
   * Removes a fit that does not serve: its sums, its workers' offsets and its counted ids. A replay
   * under way can be given up so.
   *
   * @param fit the fit's id
   * @return how many counted ids were removed
   * @throws AdministrationException if it serves, workers are still at it, or there is no such fit
   * @throws InterruptedException if interrupted while the broker answers
   */
  public long remove(Id fit) throws InterruptedException {
    try (ControlLog log = new ControlLog(kafka, topics);
        Admin admin = Admin.create(kafka.admin())) {
      // A removal that was cut short is finished by asking again.
      if (!log.state().removed(fit)) {
        new FitStatusText(log.state(), router, fit).requireKnown();
        if (log.state().status(fit).equals(Optional.of(FitStatus.SERVING))) {
          throw new AdministrationException(
              "fit %s serves router %s: replay into another first".formatted(Ids.hex(fit), router));
        }
        requireIdle(admin, fit);
        log.append(new FitRemoved(router, fit));
        if (!log.state().removed(fit)) {
          throw new AdministrationException(
              "fit %s was promoted meanwhile, and stays".formatted(Ids.hex(fit)));
        }
      }
      deleteGroup(admin, fit);
    }
    return forgetCounted(fit);
  }

  private void requireIdle(Admin admin, Id fit) throws InterruptedException {
    String group = topics.workers(fit);
    try {
      int members =
          admin.describeConsumerGroups(List.of(group)).all().get().get(group).members().size();
      if (members > 0) {
        throw new AdministrationException(
            "%d feature extractors still work for fit %s: stop them first"
                .formatted(members, Ids.hex(fit)));
      }
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof GroupIdNotFoundException)) {
        throw failed("described", group, e);
      }
    }
  }

  private void deleteGroup(Admin admin, Id fit) throws InterruptedException {
    String group = topics.workers(fit);
    try {
      admin.deleteConsumerGroups(List.of(group)).all().get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof GroupIdNotFoundException)) {
        throw failed("deleted", group, e);
      }
    }
  }

  private static AdministrationException failed(String what, String group, ExecutionException e) {
    return new AdministrationException(
        "group %s could not be %s: %s".formatted(group, what, e.getCause().getMessage()),
        e.getCause());
  }

  /** A tombstone for every counted id; compaction then drops both. */
  private long forgetCounted(Id fit) throws InterruptedException {
    long forgotten = 0;
    var settings = kafka.producer(Map.of("acks", "all", "enable.idempotence", "true"));
    try (KafkaConsumer<byte[], byte[]> reader =
            new KafkaConsumer<>(
                kafka.reader(Map.of()), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      List<TopicPartition> partitions =
          reader.partitionsFor(topics.countedIds()).stream()
              .map(p -> new TopicPartition(p.topic(), p.partition()))
              .toList();
      for (TopicPartition partition : partitions) {
        reader.assign(List.of(partition));
        reader.seekToBeginning(List.of(partition));
        long end = reader.endOffsets(List.of(partition)).get(partition);
        Set<ByteBuffer> counted = new LinkedHashSet<>();
        while (reader.position(partition) < end) {
          for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
            note(fit, record, counted);
          }
        }
        List<Future<?>> sent = new ArrayList<>();
        for (ByteBuffer key : counted) {
          sent.add(
              producer.send(
                  new ProducerRecord<>(
                      partition.topic(), partition.partition(), key.array(), null)));
        }
        for (Future<?> tombstone : sent) {
          tombstone.get();
        }
        forgotten += sent.size();
      }
    } catch (ExecutionException e) {
      throw new AdministrationException(
          "the counted ids of fit %s could not all be removed: %s; finish with `dume fits remove %s`"
              .formatted(Ids.hex(fit), e.getCause().getMessage(), Ids.hex(fit)),
          e.getCause());
    }
    return forgotten;
  }

  /** What a tombstone stands behind is forgotten, whether or not it was compacted yet. */
  private static void note(Id fit, ConsumerRecord<byte[], byte[]> record, Set<ByteBuffer> counted) {
    byte[] key = record.key();
    boolean ofFit =
        key != null
            && key.length == 2 * Ids.BYTES
            && Arrays.equals(key, 0, Ids.BYTES, fit.bytes(), 0, Ids.BYTES);
    if (ofFit && record.value() != null) {
      counted.add(ByteBuffer.wrap(key));
    } else if (ofFit) {
      counted.remove(ByteBuffer.wrap(key));
    }
  }
}
