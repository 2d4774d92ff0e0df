package io.dume.topology;

import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.MixedIn;
import io.dume.schemas.message.PolicyChosen;
import io.dume.schemas.message.SolveProfileFixed;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.StatisticsKey;
import io.dume.schemas.wire.Wire;
import io.dume.topology.fold.Incoming;
import io.dume.topology.sequencer.Decision;
import io.dume.topology.sequencer.Sequencer;
import io.dume.topology.sequencer.SequencerConfig;
import io.dume.topology.sequencer.Submission;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** Carries records to the sequencer and its decisions to the sinks. */
final class SequencerProcessor implements Processor<byte[], byte[], byte[], Addressed> {
  private static final String SERVICE = "sequencer";

  private final SequencerConfig config;
  private final Topics topics;
  private final Function<DeadLetter, byte[]> lettersAs;
  private ProcessorContext<byte[], Addressed> context;
  private Sequencer sequencer;
  private Cancellable clock;

  SequencerProcessor(
      SequencerConfig config, Topics topics, Function<DeadLetter, byte[]> lettersAs) {
    this.config = config;
    this.topics = topics;
    this.lettersAs = lettersAs;
  }

  @Override
  public void init(ProcessorContext<byte[], Addressed> newContext) {
    context = newContext;
    // Also after a transaction was aborted: what was decided in it must be forgotten.
    sequencer =
        new Sequencer(
            config,
            new StoredMemory(new StoreShelf(context.getStateStore(SequencerTopology.STATE))));
    clock =
        context.schedule(
            SequencerTopology.TICK,
            PunctuationType.WALL_CLOCK_TIME,
            time -> carryOut(sequencer.tick(Instant.ofEpochMilli(time))));
  }

  @Override
  public void close() {
    // Streams calls init again on this object when it revives the task.
    clock.cancel();
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    Incoming in = Arrivals.of(record, context);
    Instant now = Instant.ofEpochMilli(context.currentSystemTimeMs());
    boolean fromControl = in.partition().topic().equals(topics.control());
    int limit = fromControl ? Topics.MAX_CONTROL_BYTES : Topics.MAX_MESSAGE_BYTES;
    SpecificRecord message;
    try {
      in.requireAtMost(limit);
      message = Wire.decode(in.value().orElse(new byte[0]));
    } catch (MalformedMessageException e) {
      refuse(in, "malformed-message", e.getMessage(), now);
      return;
    }
    if (!fromControl && message instanceof FlushManifest manifest) {
      DeadLetter letter = in.letter(SERVICE, "", "", now);
      carryOut(sequencer.manifest(new Submission(manifest, letter), now));
    } else if (fromControl && belongsToControl(message)) {
      carryOut(sequencer.control(in.offset(), message, now));
    } else {
      refuse(
          in,
          "wrong-message",
          "a %s has no place in %s"
              .formatted(message.getClass().getSimpleName(), in.partition().topic()),
          now);
    }
  }

  private static boolean belongsToControl(SpecificRecord message) {
    return message instanceof FitCreated
        || message instanceof FitPromoted
        || message instanceof FitRemoved
        || message instanceof ExpertsChanged
        || message instanceof SolveProfileFixed
        || message instanceof CutRequested
        || message instanceof MixedIn
        || message instanceof PolicyChosen
        || message instanceof FitFailed;
  }

  private void refuse(Incoming in, String reason, String detail, Instant now) {
    write(in.letter(SERVICE, reason, detail, now));
  }

  private void write(DeadLetter letter) {
    byte[] bytes = lettersAs.apply(letter);
    long time = letter.getSetAsideAt().toEpochMilli();
    forward(SequencerTopology.DEAD_LETTERS, null, Addressed.to(0, bytes), time);
  }

  private void carryOut(List<Decision> decisions) {
    for (Decision decision : decisions) {
      if (decision instanceof Decision.ToPartition order) {
        byte[] key = StatisticsKey.marker(order.order().getFit(), order.order().getSequence());
        Addressed message = Addressed.to(order.partition(), Wire.encode(order.order()));
        order(key, message, order.timestamp());
      } else if (decision instanceof Decision.ToAll order) {
        byte[] key = StatisticsKey.marker(order.fit(), order.number());
        Addressed message = Addressed.toAll(Wire.encode(order.order()));
        order(key, message, order.timestamp());
      } else if (decision instanceof Decision.CutMade made) {
        byte[] key = StatisticsKey.marker(made.cut().getFit(), made.cut().getCut());
        Addressed message = Addressed.to(0, Wire.encode(made.cut()));
        forward(SequencerTopology.CUTS, key, message, made.timestamp());
      } else if (decision instanceof Decision.FitStopped stopped) {
        Addressed message = Addressed.to(0, Wire.encode(stopped.failure()));
        forward(SequencerTopology.CONTROL, null, message, stopped.timestamp());
      } else if (decision instanceof Decision.Refused refused) {
        write(refused.letter());
      } else if (decision instanceof Decision.RequestRefused refused) {
        write(letter(refused));
      }
    }
    if (decisions.stream().anyMatch(SequencerProcessor::awaited)) {
      context.commit();
    }
  }

  /**
   * Whether somebody waits for it: a user for a cut or a refusal, the workers for the end of a fit.
   * The fold has time for all else until the next commit: one for each flush would make a
   * transaction of each manifest of a backlog.
   */
  private static boolean awaited(Decision decision) {
    return decision instanceof Decision.CutMade
        || decision instanceof Decision.FitStopped
        || decision instanceof Decision.RequestRefused;
  }

  private DeadLetter letter(Decision.RequestRefused refused) {
    return DeadLetters.of(
        new TopicPartition(topics.control(), 0),
        refused.offset(),
        refused.timestamp(),
        Optional.empty(),
        Optional.of(Wire.encode(refused.request())),
        new RecordHeaders(),
        SERVICE,
        "unknown-partition",
        refused.detail(),
        Instant.ofEpochMilli(refused.timestamp()));
  }

  private void order(byte[] key, Addressed message, long timestamp) {
    byte[] time = ByteBuffer.allocate(Long.BYTES).putLong(timestamp).array();
    RecordHeaders headers = new RecordHeaders();
    headers.add(Incoming.ORDER_TIME, time);
    context.forward(new Record<>(key, message, timestamp, headers), SequencerTopology.ORDERS);
  }

  private void forward(String sink, byte[] key, Addressed message, long timestamp) {
    context.forward(new Record<>(key, message, timestamp), sink);
  }
}
