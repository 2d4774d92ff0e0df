package io.dume.cli;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.MessageFormat;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads the dead-letters topic from its beginning. Not thread-safe. */
final class DeadLetterLog implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(200);

  /** Takes one letter and where it lies. */
  @FunctionalInterface
  interface Reader {
    void letter(long offset, DeadLetter letter);
  }

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final TopicPartition partition;
  private final MessageFormat format;
  private final Console console;

  /**
   * @param stopped whether to give up waiting for what the format of the topic depends on
   */
  DeadLetterLog(KafkaSettings kafka, Topics topics, Console console, BooleanSupplier stopped) {
    this.console = console;
    this.format = kafka.format().waiting(stopped);
    this.partition = new TopicPartition(topics.deadLetters(), 0);
    var properties = kafka.reader(Map.of("client.id", "dume-dead-letters"));
    this.consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    consumer.assign(List.of(partition));
    consumer.seekToBeginning(List.of(partition));
  }

  /** Reads up to the end that the topic has now. */
  void readToEnd(Reader reader) {
    long end = consumer.endOffsets(List.of(partition)).get(partition);
    while (consumer.position(partition) < end) {
      poll(reader);
    }
  }

  /** Reads on and on. */
  void follow(Reader reader, BooleanSupplier stop) {
    while (!stop.getAsBoolean()) {
      poll(reader);
    }
  }

  /** The token batch that a letter holds, if it holds one that can be read. */
  Optional<TokenBatch> tokenBatch(DeadLetter letter) {
    if (letter.getValue().isEmpty()) {
      return Optional.empty();
    }
    ByteBuffer value = letter.getValue().get().duplicate();
    byte[] bytes = new byte[value.remaining()];
    value.get(bytes);
    try {
      return Optional.of(format.decode(bytes, TokenBatch.class));
    } catch (MalformedMessageException e) {
      // Most letters are here because they can't be read; their reason says so.
      return Optional.empty();
    }
  }

  private void poll(Reader reader) {
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
      try {
        reader.letter(
            record.offset(),
            format.decode(record.value() == null ? new byte[0] : record.value(), DeadLetter.class));
      } catch (MalformedMessageException e) {
        console.note(
            "%s offset %d is no dead letter: %s"
                .formatted(record.topic(), record.offset(), e.getMessage()));
      }
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
