package io.dume.e2e.simulation;

import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.kafka.common.utils.Utils;

/** Sends token batches: good ones, the same again, and all kinds of bad ones. */
final class Feed {
  private record Place(int partition, long offset) {}

  private final World world;
  private final Random random;
  private final Map<Place, Sent> sent = new HashMap<>();
  private final List<TokenBatch> good = new ArrayList<>();
  private final Deque<TokenBatch> given;
  private int documents;

  Feed(World world, List<TokenBatch> given) {
    this.world = world;
    this.random = world.random();
    this.given = new ArrayDeque<>(given);
  }

  /** What stands at a place of the log. */
  Sent at(int partition, long offset) {
    return Optional.ofNullable(sent.get(new Place(partition, offset))).orElseThrow();
  }

  boolean done() {
    return given.isEmpty();
  }

  /** Sends the next of the records that were given. */
  void sendGiven() {
    if (!given.isEmpty()) {
      send(given.remove());
    }
  }

  /** Sends something. */
  void send() {
    int what = random.nextInt(20);
    if (what < 11) {
      send(fresh(domain(), random.nextInt(6) == 0));
    } else if (what < 14 && !good.isEmpty()) {
      send(World.pick(random, good));
    } else if (what == 14 && !good.isEmpty()) {
      // The same id, which says something else now.
      TokenBatch again = World.pick(random, good);
      send(TokenBatch.newBuilder(again).setDomain(domain()).setSequences(sequences(false)).build());
    } else if (what == 15) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      append(anyPartition(), bytes, bytes, unreadable("malformed-message"));
    } else if (what == 16) {
      misplaced();
    } else if (what == 17) {
      unusable();
    } else if (what == 18) {
      send(fresh(random.nextBoolean() ? "nobody-knows" : domain(), false));
    } else if (what == 19) {
      sendInVain();
    }
  }

  private String domain() {
    return World.pick(random, world.administrator().domains());
  }

  /** Enough of every domain of the fit that serves for a router, held-out tokens too. */
  void sendForAll() {
    for (String domain : world.administrator().servedDomains()) {
      send(fresh(domain, false));
      send(fresh(domain, false));
      send(fresh(domain, true));
    }
  }

  private List<List<Integer>> sequences(boolean tooLong) {
    return IntStream.range(0, 1 + random.nextInt(2))
        .mapToObj(
            s ->
                random
                    .ints(tooLong ? 11 : 1 + random.nextInt(8), 0, HashedFeatures.HUGE_TOKEN)
                    .boxed()
                    .toList())
        .toList();
  }

  private TokenBatch fresh(String domain, boolean heldOut) {
    String document = "document-" + documents++;
    return batch(document, domain, heldOut, sequences(false));
  }

  private static TokenBatch batch(
      String document, String domain, boolean heldOut, List<List<Integer>> sequences) {
    return new TokenBatch(
        Ids.ofRecord("feed", document, 0), "feed", document, 0, domain, heldOut, "", sequences);
  }

  private int anyPartition() {
    return random.nextInt(world.cluster().partitions(Cluster.TOKEN_BATCHES));
  }

  private int partition(TokenBatch batch) {
    int partitions = world.cluster().partitions(Cluster.TOKEN_BATCHES);
    return Utils.toPositive(Utils.murmur2(batch.getId().bytes())) % partitions;
  }

  void send(TokenBatch batch) {
    good.add(batch);
    append(
        partition(batch),
        batch.getId().bytes(),
        Wire.encode(batch),
        Sent.good(batch, world.administrator().lists()));
  }

  private Sent unreadable(String reason) {
    return new Sent(Optional.empty(), Optional.of(reason), Optional.empty(), Map.of());
  }

  private void misplaced() {
    TokenBatch batch = fresh(domain(), false);
    byte[] key = batch.getId().bytes();
    int right = partition(batch);
    int partition = anyPartition();
    if (partition != right) {
      append(partition, key, Wire.encode(batch), unreadable("wrong-partition"));
    } else {
      byte[] otherKey = key.clone();
      otherKey[3]++;
      append(partition, otherKey, Wire.encode(batch), unreadable("id-mismatch"));
    }
  }

  private void unusable() {
    TokenBatch batch = fresh(domain(), false);
    int what = random.nextInt(4);
    String reason =
        List.of(
                "sequence-too-long",
                "non-finite-features",
                "statistics-overflow",
                "token-out-of-vocabulary")
            .get(what);
    int token =
        List.of(1, HashedFeatures.NAN_TOKEN, HashedFeatures.HUGE_TOKEN, HashedFeatures.VOCABULARY)
            .get(what);
    List<List<Integer>> sequences = what == 0 ? sequences(true) : List.of(List.of(3, token));
    batch = TokenBatch.newBuilder(batch).setSequences(sequences).build();
    append(
        partition(batch),
        batch.getId().bytes(),
        Wire.encode(batch),
        new Sent(
            Optional.of(batch),
            Optional.empty(),
            Optional.of(reason),
            world.administrator().lists()));
  }

  /** A transaction that is aborted: offsets without records, and ids that were never sent. */
  private void sendInVain() {
    TokenBatch batch = fresh(domain(), false);
    Cluster.Producer producer = world.cluster().producer("feed");
    producer.send(
        Cluster.TOKEN_BATCHES, partition(batch), batch.getId().bytes(), Wire.encode(batch), 0);
    producer.abort();
  }

  private void append(int partition, byte[] key, byte[] value, Sent what) {
    long offset =
        world
            .cluster()
            .log(Cluster.TOKEN_BATCHES, partition)
            .append(key, value, 0, Log.Transaction.NONE);
    sent.put(new Place(partition, offset), what);
    world.trace(
        "sent to %d at %d: %s%s%s",
        partition,
        offset,
        what.batch().map(b -> b.getDomain() + " " + b.getDocument()).orElse(""),
        what.unreadable().orElse(""),
        what.unusable().orElse(""));
  }
}
