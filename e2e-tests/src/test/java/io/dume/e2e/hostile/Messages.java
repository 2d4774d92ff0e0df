package io.dume.e2e.hostile;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.CutRequested;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.DiscardFlush;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.FitCreated;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.FitPromoted;
import io.dume.schemas.message.FitRemoved;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.ForgetFit;
import io.dume.schemas.message.LayerComplete;
import io.dume.schemas.message.LayerFailed;
import io.dume.schemas.message.LayerTargets;
import io.dume.schemas.message.LayerTile;
import io.dume.schemas.message.MixedIn;
import io.dume.schemas.message.PolicyChosen;
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.SolveProfileFixed;
import io.dume.schemas.message.StatisticsTile;
import io.dume.schemas.message.TakeAway;
import io.dume.schemas.message.TokenBatch;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;

/** Which messages belong to which topic, in today's schemas, in the first ones and in none. */
final class Messages {
  static final Topics TOPICS = Topics.DEFAULT;

  /** By topic, in the order of the road. Ids under a fit in counted-ids are no messages. */
  static final Map<String, List<Schema>> BY_TOPIC = byTopic();

  private static final Set<Schema> ALL = all();

  private Messages() {}

  private static Map<String, List<Schema>> byTopic() {
    Map<String, List<Schema>> topics = new LinkedHashMap<>();
    topics.put(TOPICS.tokenBatches(), List.of(TokenBatch.getClassSchema()));
    topics.put(TOPICS.countedIds(), List.of());
    topics.put(
        TOPICS.control(),
        List.of(
            FitCreated.getClassSchema(),
            FitPromoted.getClassSchema(),
            FitRemoved.getClassSchema(),
            SolveProfileFixed.getClassSchema(),
            ExpertsChanged.getClassSchema(),
            CutRequested.getClassSchema(),
            MixedIn.getClassSchema(),
            PolicyChosen.getClassSchema(),
            FitFailed.getClassSchema()));
    topics.put(
        TOPICS.partialStatistics(),
        List.of(
            StatisticsTile.getClassSchema(),
            ApplyFlush.getClassSchema(),
            DiscardFlush.getClassSchema(),
            TakeAway.getClassSchema(),
            ForgetFit.getClassSchema(),
            Cut.getClassSchema(),
            FitFailed.getClassSchema()));
    topics.put(TOPICS.flushManifests(), List.of(FlushManifest.getClassSchema()));
    topics.put(TOPICS.cuts(), List.of(Cut.getClassSchema()));
    topics.put(
        TOPICS.layerStatistics(),
        List.of(
            LayerTile.getClassSchema(),
            LayerTargets.getClassSchema(),
            LayerComplete.getClassSchema(),
            LayerFailed.getClassSchema()));
    topics.put(
        TOPICS.routerVersions(),
        List.of(
            RouterPart.getClassSchema(),
            RouterVersion.getClassSchema(),
            CutRefused.getClassSchema()));
    topics.put(TOPICS.deadLetters(), List.of(DeadLetter.getClassSchema()));
    return topics;
  }

  private static Set<Schema> all() {
    Set<Schema> all = new LinkedHashSet<>();
    BY_TOPIC.values().forEach(all::addAll);
    return all;
  }

  /** Messages that have no place in a topic. */
  static List<Schema> strangersTo(String topic) {
    return ALL.stream().filter(s -> !BY_TOPIC.get(topic).contains(s)).toList();
  }

  /** The same message as it was written first; today's where that had none. */
  static Schema first(Schema today) {
    String name = "/io/dume/schemas/history/1/%s.avsc".formatted(today.getName());
    try (InputStream file = TokenBatch.class.getResourceAsStream(name)) {
      return file == null ? today : new Schema.Parser().parse(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same message with one more field, as a later version may write it. */
  static Schema later(Schema today) {
    List<Schema.Field> fields = new ArrayList<>();
    today.getFields().forEach(f -> fields.add(new Schema.Field(f, f.schema())));
    fields.add(new Schema.Field("later", Schema.create(Schema.Type.LONG)));
    return Schema.createRecord(today.getName(), "", today.getNamespace(), false, fields);
  }

  static byte[] spliced(byte[] bytes, int at, byte[] instead) {
    byte[] spliced = Arrays.copyOf(bytes, Math.max(bytes.length, at + instead.length));
    System.arraycopy(instead, 0, spliced, at, instead.length);
    return spliced;
  }
}
