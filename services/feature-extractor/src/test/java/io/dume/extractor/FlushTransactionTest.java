package io.dume.extractor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RoundRobinPartitioner;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class FlushTransactionTest {
  private static final Map<TopicPartition, OffsetAndMetadata> OFFSETS =
      Map.of(new TopicPartition("token-batches", 0), new OffsetAndMetadata(7));

  private final MockProducer<byte[], byte[]> producer = producer();
  private final MockProducer<byte[], byte[]> successor = producer();
  private final Deque<MockProducer<byte[], byte[]>> producers =
      new ArrayDeque<>(List.of(producer, successor));
  private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
  private final FlushTransaction transaction = new FlushTransaction(producers::pop, "w1");

  private static MockProducer<byte[], byte[]> producer() {
    return new MockProducer<>(
        true, new RoundRobinPartitioner(), new ByteArraySerializer(), new ByteArraySerializer());
  }

  private Optional<KafkaException> run() {
    return transaction.run(
        sender -> sender.accept(new ProducerRecord<>("t", 0, null, new byte[] {1})),
        OFFSETS,
        consumer::groupMetadata);
  }

  @Test
  void shouldCommitMessagesAndOffsetsTogether() {
    assertThat(run()).isEmpty();
    assertThat(producer.history()).hasSize(1);
    assertThat(producer.consumerGroupOffsetsHistory())
        .singleElement()
        .satisfies(
            groups ->
                assertThat(groups.get(consumer.groupMetadata().groupId())).isEqualTo(OFFSETS));
  }

  @Test
  void shouldAbortWhenTheConsumerLeftItsGroup() {
    producer.sendOffsetsToTransactionException = new CommitFailedException("generation is over");

    assertThat(run()).get().isInstanceOf(CommitFailedException.class);
    assertThat(producer.transactionAborted()).isTrue();
    assertThat(producer.history()).isEmpty();
  }

  @Test
  void shouldGiveUpWithAClearMessageWhenFenced() {
    producer.commitTransactionException = new ProducerFencedException("newer epoch");

    assertThatThrownBy(this::run)
        .isInstanceOf(ExtractorException.class)
        .hasMessageContaining("w1 was fenced")
        .hasMessageContaining("instance name");
  }

  @Test
  void shouldSayThatTheTransactionWasGivenUpWhenTheCommitRacesWithThat() {
    producer.commitTransactionException =
        new KafkaException("in an error state", new InvalidTxnStateException("invalid state"));

    assertThatThrownBy(this::run)
        .isInstanceOf(ExtractorException.class)
        .hasMessageContaining("w1 was fenced")
        .hasMessageContaining("longer than the transaction timeout");
  }

  @Test
  void shouldGiveUpWhenNobodyAnswersTheCommit() {
    producer.commitTransactionException = new TimeoutException("no answer");

    assertThatThrownBy(this::run)
        .isInstanceOf(ExtractorException.class)
        .hasMessageContaining("no answer to the commit");
  }

  @Test
  void shouldGiveUpWhenItCanNotAbort() {
    producer.sendOffsetsToTransactionException = new KafkaException("first");
    producer.abortTransactionException = new KafkaException("second");

    assertThatThrownBy(this::run)
        .isInstanceOf(ExtractorException.class)
        .hasMessageContaining("first")
        .hasStackTraceContaining("second");
  }

  @Test
  void shouldGoOnWithAnotherProducerWhenTheBrokerHasForgottenThisOne() {
    producer.sendOffsetsToTransactionException =
        new KafkaException("in an error state", new InvalidPidMappingException("expired"));
    Optional<KafkaException> first = run();

    Optional<KafkaException> second = run();

    assertThat(first)
        .get(InstanceOfAssertFactories.THROWABLE)
        .hasRootCauseInstanceOf(InvalidPidMappingException.class);
    assertThat(second).isEmpty();
    assertThat(producer.closed()).isTrue();
    assertThat(producer.history()).isEmpty();
    assertThat(successor.history()).hasSize(1);
  }

  @Test
  void shouldGoOnWithAnotherProducerWhenOnlyTheTextSaysThatItWasForgotten() {
    producer.sendOffsetsToTransactionException =
        new KafkaException(
            "Unexpected error in TxnOffsetCommitResponse: The producer attempted to use a producer id which is not currently assigned to its transactional id.");
    run();

    Optional<KafkaException> second = run();

    assertThat(second).isEmpty();
    assertThat(successor.history()).hasSize(1);
  }
}
