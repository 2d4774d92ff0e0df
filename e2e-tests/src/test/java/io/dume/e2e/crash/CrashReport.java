package io.dume.e2e.crash;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a run shows in the end: a table for people, and the same as JSON. */
final class CrashReport {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final long seed;
  private final int kills;
  private final Tally tally;
  private final Ledger calm;
  private final Ledger struck;

  CrashReport(long seed, int kills, Tally tally, Ledger calm, Ledger struck) {
    this.seed = seed;
    this.kills = kills;
    this.tally = tally;
    this.calm = calm;
    this.struck = struck;
  }

  /** Prints it, and writes it as JSON. */
  void publish(Path file) throws IOException {
    ObjectNode json = json();
    Files.createDirectories(file.toAbsolutePath().getParent());
    JSON.writeValue(file.toFile(), json);
    StringBuilder table = new StringBuilder("\nCrash run, seed %d\n".formatted(seed));
    tally.faults().forEach((kind, times) -> row(table, kind, times.toString()));
    row(table, "faults in all", json.get("faultsInAll").asText());
    row(table, "ended by themselves", json.get("endedByThemselves").size() + "");
    row(table, "slowest stop after SIGTERM", json.get("slowestStop").asText());
    row(table, "records in", json.get("recordsIn").asText());
    row(table, "different records", json.get("differentRecords").asText());
    row(table, "records counted", json.get("recordsCounted").asText());
    row(table, "tokens counted", json.get("tokensCounted").asText());
    row(table, "dead letters", json.get("deadLetters").asText());
    row(table, "versions", json.get("versions").asText());
    row(table, "bytes of the router that differ", json.get("differences").asText());
    row(table, "seconds", json.get("seconds").asText());
    System.out.println(table);
  }

  private ObjectNode json() {
    ObjectNode json = JSON.createObjectNode();
    json.put("seed", seed).put("kills", kills);
    ObjectNode faults = json.putObject("faults");
    tally.faults().forEach(faults::put);
    json.put("faultsInAll", tally.faults().values().stream().mapToInt(n -> n).sum());
    tally.ownEnds().forEach(json.putArray("endedByThemselves")::add);
    json.put("slowestStop", tally.slowestStop());
    json.put("recordsIn", struck.recordsIn());
    json.put("differentRecords", struck.records().size());
    json.put("recordsCounted", struck.recordsCounted());
    json.put("recordsOfTheCalmRun", calm.recordsCounted());
    json.put("tokensCounted", struck.tokensCounted());
    json.put("deadLetters", struck.deadLetters().size());
    json.put("versions", struck.versions().size());
    json.put("refusals", struck.refusals().size());
    json.put("sha256", struck.newest().get("sha256").asText());
    json.put("differences", struck.router().differences(calm.router()));
    json.put("seconds", tally.sinceStart().toSeconds());
    return json;
  }

  private static void row(StringBuilder table, String what, String figure) {
    table.append("| %-66s | %12s |%n".formatted(what, figure));
  }
}
