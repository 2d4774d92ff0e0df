package io.dume.e2e.simulation;

import io.dume.e2e.simulation.Log.Transaction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Topics, consumer groups and transactional producers, as a broker has them. */
final class Cluster {
  static final String TOKEN_BATCHES = "token-batches";
  static final String COUNTED_IDS = "counted-ids";
  static final String PARTIAL_STATISTICS = "partial-statistics";
  static final String MANIFESTS = "flush-manifests";
  static final String CONTROL = "control";
  static final String CUTS = "cuts";
  static final String LAYER_STATISTICS = "layer-statistics";
  static final String ROUTER_VERSIONS = "router-versions";
  static final String DEAD_LETTERS = "dead-letters";

  /** A producer whose place another one has taken, or whose transaction took too long. */
  static final class FencedException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Offsets of a member that the group goes on without. */
  static final class RebalancedException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private record PendingOffsets(Transaction in, Map<Integer, Long> offsets) {}

  /** A consumer group: a generation of members with their partitions, and committed offsets. */
  static final class Group {
    private final Map<String, Set<Integer>> assignment = new LinkedHashMap<>();
    private final Map<Integer, Long> committed = new TreeMap<>();
    private final List<PendingOffsets> pending = new ArrayList<>();
    private int generation;

    int generation() {
      return generation;
    }

    /** Whether a member belongs to this generation. */
    boolean has(String member, int ofGeneration) {
      return ofGeneration == generation && assignment.containsKey(member);
    }

    Set<String> members() {
      return assignment.keySet();
    }

    Set<Integer> partitions(String member) {
      return assignment.get(member);
    }

    void next(Map<String, Set<Integer>> newAssignment) {
      generation++;
      assignment.clear();
      assignment.putAll(newAssignment);
    }

    /** Whether a transaction that is open may still change a committed offset. */
    boolean unstable(Set<Integer> partitions) {
      settle();
      return pending.stream()
          .anyMatch(p -> p.offsets.keySet().stream().anyMatch(partitions::contains));
    }

    Map<Integer, Long> committed() {
      settle();
      return committed;
    }

    private void settle() {
      for (PendingOffsets p : List.copyOf(pending)) {
        if (!p.in.open()) {
          if (p.in.committed()) {
            committed.putAll(p.offsets);
          }
          pending.remove(p);
        }
      }
    }
  }

  /** A transactional producer: one transaction at a time. */
  final class Producer {
    private final String id;
    private final int epoch;
    private Optional<Transaction> open = Optional.empty();
    private final Set<Log> touched = new LinkedHashSet<>();

    private Producer(String id, int epoch) {
      this.id = id;
      this.epoch = epoch;
    }

    private Transaction transaction() {
      if (!valid()) {
        throw new FencedException();
      }
      open = open.or(() -> Optional.of(new Transaction()));
      return open.get();
    }

    long send(String topic, int partition, byte[] key, byte[] value, long orderTime) {
      Log log = log(topic, partition);
      Transaction in = transaction();
      touched.add(log);
      return log.append(key, value, orderTime, in);
    }

    void sendOffsets(Group group, String member, int generation, Map<Integer, Long> offsets) {
      Transaction in = transaction();
      if (!group.has(member, generation)) {
        throw new RebalancedException();
      }
      group.pending.add(new PendingOffsets(in, Map.copyOf(offsets)));
    }

    void commit() {
      transaction();
      end(Transaction.State.COMMITTED);
    }

    void abort() {
      transaction();
      end(Transaction.State.ABORTED);
    }

    boolean valid() {
      return epochs.get(id) == epoch;
    }

    boolean isOpen() {
      return open.isPresent();
    }

    private void end(Transaction.State state) {
      open.ifPresent(
          t -> {
            t.end(state);
            touched.forEach(log -> log.mark(t));
          });
      open = Optional.empty();
      touched.clear();
    }
  }

  private final Map<String, List<Log>> topics = new HashMap<>();
  private final Map<String, Integer> epochs = new HashMap<>();
  private final Map<String, Producer> producers = new LinkedHashMap<>();
  private final Map<String, Group> groups = new LinkedHashMap<>();

  Cluster(int tokenPartitions, int statisticsPartitions) {
    create(TOKEN_BATCHES, tokenPartitions);
    create(COUNTED_IDS, tokenPartitions);
    create(PARTIAL_STATISTICS, statisticsPartitions);
    create(LAYER_STATISTICS, statisticsPartitions);
    List.of(MANIFESTS, CONTROL, CUTS, ROUTER_VERSIONS, DEAD_LETTERS).forEach(t -> create(t, 1));
  }

  private void create(String topic, int partitions) {
    List<Log> logs = new ArrayList<>();
    for (int p = 0; p < partitions; p++) {
      logs.add(new Log());
    }
    topics.put(topic, logs);
  }

  Log log(String topic, int partition) {
    return topics.get(topic).get(partition);
  }

  int partitions(String topic) {
    return topics.get(topic).size();
  }

  Group group(String name) {
    return groups.computeIfAbsent(name, n -> new Group());
  }

  /** A new producer; one of the same id is fenced, and what it left open is aborted. */
  Producer producer(String id) {
    expire(id);
    Producer producer = new Producer(id, epochs.get(id));
    producers.put(id, producer);
    return producer;
  }

  /** Ends what a producer has left open, as the broker does after the transaction timeout. */
  void expire(String id) {
    epochs.merge(id, 1, Integer::sum);
    Optional.ofNullable(producers.get(id)).ifPresent(p -> p.end(Transaction.State.ABORTED));
  }

  /** The ids of all producers with an open transaction. */
  List<String> open() {
    return producers.values().stream().filter(Producer::isOpen).map(p -> p.id).toList();
  }
}
