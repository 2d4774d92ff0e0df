package io.dume.e2e.hostile;

import io.dume.e2e.GoldenOracle;
import io.dume.schemas.message.TokenBatch;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What was sent, where it went, and what must become of it. */
final class Outcome {
  private record Judged(HostileRecord record, Contract.Fate fate) {}

  private final Contract contract;
  private final Map<Outlet.Place, Judged> taken = new HashMap<>();
  private final Map<String, Long> refused = new TreeMap<>();

  /**
   * @param places as the outlet gave them
   */
  Outcome(Contract contract, Map<HostileRecord, Optional<Outlet.Place>> places) {
    this.contract = contract;
    places.forEach(
        (record, place) ->
            place.ifPresentOrElse(
                at -> taken.put(at, new Judged(record, fate(record, at))),
                () -> refused.merge(title(record), 1L, Long::sum)));
  }

  private Contract.Fate fate(HostileRecord record, Outlet.Place place) {
    return contract.fate(
        place.topic(), place.partition(), Fuzzer.key(record.record()), record.value());
  }

  private static String title(HostileRecord record) {
    return record.record().topic() + ": " + record.kind();
  }

  /** Where all records are that the broker took. */
  Set<Outlet.Place> places() {
    return taken.keySet();
  }

  Map<Outlet.Place, HostileRecord> of(Contract.Fate fate) {
    return taken.entrySet().stream()
        .filter(e -> e.getValue().fate() == fate)
        .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().record()));
  }

  long count(Contract.Fate fate, String topic) {
    return of(fate).keySet().stream().filter(p -> p.topic().equals(topic)).count();
  }

  /** The tokens of batches that are right by accident, as the stranger's bits fell. */
  Map<String, Long> heldOutTokens() {
    Map<String, Long> tokens = new TreeMap<>();
    of(Contract.Fate.COUNTED)
        .forEach(
            (place, record) -> {
              TokenBatch batch =
                  contract
                      .counted(place.partition(), Fuzzer.key(record.record()), record.value())
                      .orElseThrow();
              long counted =
                  batch.getSequences().stream()
                      .mapToLong(s -> Math.min(s.size(), GoldenOracle.CONTEXT_DIM))
                      .sum();
              tokens.merge(batch.getDomain(), counted, Long::sum);
            });
    return tokens;
  }

  /** Bad records that no letter is about, some of them. */
  List<String> withoutLetter(Map<Outlet.Place, String> reasons) {
    return of(Contract.Fate.SET_ASIDE).entrySet().stream()
        .filter(e -> !reasons.containsKey(e.getKey()))
        .map(e -> e.getValue().kind() + " " + e.getKey())
        .limit(20)
        .toList();
  }

  /** Letters about records that are not bad, and letters with another reason than there is. */
  List<String> wrongLetters(Map<Outlet.Place, String> reasons) {
    Set<Outlet.Place> allowed = new HashSet<>(of(Contract.Fate.SET_ASIDE).keySet());
    allowed.addAll(of(Contract.Fate.ORDER).keySet());
    return reasons.entrySet().stream()
        .filter(e -> !allowed.contains(e.getKey()) || !expected(e.getKey(), e.getValue()))
        .map(e -> "%s about %s".formatted(e.getValue(), e.getKey()))
        .toList();
  }

  private boolean expected(Outlet.Place place, String reason) {
    Set<String> reasons = taken.get(place).record().reasons();
    return reasons.isEmpty() || reasons.contains(reason);
  }

  /** How many there were of each kind, and what became of them. */
  String table(Map<Outlet.Place, String> reasons) {
    Map<String, Map<String, Long>> kinds = new TreeMap<>();
    Map<String, Long> fates = new TreeMap<>();
    taken.forEach(
        (place, judged) -> {
          String fate = judged.fate().toString().toLowerCase(Locale.ROOT).replace('_', ' ');
          fates.merge(fate, 1L, Long::sum);
          kinds
              .computeIfAbsent(title(judged.record()), k -> new TreeMap<>())
              .merge(reasons.getOrDefault(place, fate), 1L, Long::sum);
        });
    refused.forEach((title, count) -> kinds.put(title, Map.of("refused by the broker", count)));
    String lines =
        kinds.entrySet().stream()
            .map(e -> "  %s %s%n".formatted(e.getKey(), e.getValue()))
            .collect(Collectors.joining());
    long refusals = refused.values().stream().mapToLong(Long::longValue).sum();
    return "%s%s, refused by the broker %d".formatted(lines, fates, refusals);
  }
}
