package io.dume.feed;

import io.dume.schemas.kafka.DeadLetters;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads documents from topics until told to stop. Commits what it has read after its records are
 * acknowledged, so after a crash some documents are sent again, under the ids that they had.
 */
final class TopicFollower {
  private static final Logger LOG = LoggerFactory.getLogger(TopicFollower.class);
  private static final String SERVICE = "feed";
  private static final Duration POLL = Duration.ofMillis(100);

  private final FeedConfig config;
  private final RecordCutter cutter;
  private final RecordSender sender;
  private final FeedRun run;
  private final Clock clock;

  TopicFollower(
      FeedConfig config, RecordCutter cutter, RecordSender sender, FeedRun run, Clock clock) {
    this.config = config;
    this.cutter = cutter;
    this.sender = sender;
    this.run = run;
    this.clock = clock;
  }

  void follow(List<String> topics, String group) throws InterruptedException {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            settings(group), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(topics);
      while (!run.stopping()) {
        Map<TopicPartition, OffsetAndMetadata> done = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          if (!feed(record)) {
            break;
          }
          done.put(
              new TopicPartition(record.topic(), record.partition()),
              new OffsetAndMetadata(record.offset() + 1));
        }
        commit(consumer, done);
        run.reportWhenDue();
      }
    } catch (KafkaException e) {
      throw new FeedException(
          "following %s failed: %s".formatted(String.join(", ", topics), e.getMessage()), e);
    }
  }

  private Properties settings(String group) {
    // When the pace is limited, one document may take long: no others must wait behind it.
    String atOnce = config.tokensPerSecond().isPresent() ? "1" : "50";
    Properties properties =
        config
            .kafka()
            .consumer(
                Map.of(
                    "client.id",
                    config.topics().prefix() + SERVICE,
                    "auto.offset.reset",
                    "earliest",
                    "max.poll.records",
                    atOnce,
                    "max.poll.interval.ms",
                    Integer.toString(pollInterval())));
    properties.put("group.id", group);
    properties.put("isolation.level", "read_committed");
    properties.put("enable.auto.commit", "false");
    return properties;
  }

  /** Ten minutes, and as long as the largest document takes at the pace that was asked for. */
  private int pollInterval() {
    double seconds = 600;
    if (config.tokensPerSecond().isPresent()) {
      // A token is at least a byte.
      seconds += config.maxDocumentBytes() / config.tokensPerSecond().getAsDouble();
    }
    return (int) Math.min(Integer.MAX_VALUE, seconds * 1000);
  }

  /** Returns false if it was told to stop before all of the document was sent. */
  private boolean feed(ConsumerRecord<byte[], byte[]> record) throws InterruptedException {
    Iterator<Reading> readings;
    String where =
        "%s, partition %d, offset %d"
            .formatted(record.topic(), record.partition(), record.offset());
    try {
      readings = cutter.cut(document(record, where));
    } catch (UnusableException e) {
      readings = List.<Reading>of(e.at(where)).iterator();
    }
    while (readings.hasNext()) {
      if (run.stopping()) {
        return false;
      }
      Reading reading = readings.next();
      if (reading instanceof Reading.Ready ready) {
        run.send(ready).ifPresent(document -> letter(record, document));
      } else if (reading instanceof Reading.Unusable unusable) {
        setAside(record, unusable.document());
      }
    }
    return true;
  }

  private Reading.Document document(ConsumerRecord<byte[], byte[]> record, String where)
      throws UnusableException {
    if (record.value() == null) {
      throw new UnusableException(SetAsideDocument.MALFORMED_LINE, "a record without a value");
    }
    if (record.value().length > config.maxDocumentBytes()) {
      throw new UnusableException(
          SetAsideDocument.DOCUMENT_TOO_LARGE,
          "%d bytes: at most %d".formatted(record.value().length, config.maxDocumentBytes()));
    }
    JsonFields.DocumentFields fields = JsonFields.document(Utf8.decode(record.value()));
    String id =
        fields
            .id()
            .map(given -> fields.domain() + "/" + given)
            .orElse(record.partition() + "-" + record.offset());
    return new Reading.Document(
        fields.domain(), "topic:" + record.topic(), id, fields.text(), where);
  }

  private void setAside(ConsumerRecord<byte[], byte[]> record, SetAsideDocument document) {
    run.setAside(document);
    letter(record, document);
  }

  private void letter(ConsumerRecord<byte[], byte[]> record, SetAsideDocument document) {
    sender.sendLetter(
        DeadLetters.of(record, SERVICE, document.reason(), document.detail(), clock.instant()));
  }

  private void commit(
      KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, OffsetAndMetadata> done) {
    if (done.isEmpty()) {
      return;
    }
    sender.flush();
    try {
      consumer.commitSync(done);
    } catch (CommitFailedException | RebalanceInProgressException e) {
      LOG.warn("documents may be sent again, under the same ids: {}", e.getMessage());
    }
  }
}
