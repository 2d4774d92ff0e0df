package io.dume.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;

/**
 * The access control lists that the services need. The one place of them: {@code dume acls}, the
 * messages about what a cluster refuses, the tests and the table in the README come from here.
 */
final class AclTable {

  private static final String RESOURCE = "acls.tsv";
  private static final AclTable TABLE = load();

  private final Map<String, List<String>> commandsOfServices = new LinkedHashMap<>();
  private final List<AclEntry> entries = new ArrayList<>();

  private AclTable() {}

  static AclTable get() {
    return TABLE;
  }

  /** The services, in the order of the road of a token. */
  List<String> services() {
    return List.copyOf(commandsOfServices.keySet());
  }

  /** All entries, with placeholders. */
  List<AclEntry> entries() {
    return List.copyOf(entries);
  }

  /** What a service needs, with placeholders. */
  List<AclEntry> of(String service) {
    return entries.stream().filter(entry -> entry.service().equals(service)).toList();
  }

  /**
   * The service whose lists a command needs: its own, or those of the command that it belongs to.
   *
   * @param command its names below {@code dume}, as in {@code router publish}
   */
  Optional<String> serviceOf(String command) {
    Optional<String> own =
        commandsOfServices.entrySet().stream()
            .filter(service -> service.getValue().contains(command))
            .map(Map.Entry::getKey)
            .findFirst();
    int last = command.lastIndexOf(' ');
    return own.isPresent() || last < 0 ? own : serviceOf(command.substring(0, last));
  }

  private static AclTable load() {
    AclTable table = new AclTable();
    try (InputStream stream = AclTable.class.getResourceAsStream(RESOURCE);
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      reader.lines().filter(line -> !line.startsWith("#")).forEach(table::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return table;
  }

  private void add(String line) {
    String[] cells = line.split("\t", -1);
    if (cells[0].equals("service") && cells.length == 3) {
      commandsOfServices.put(cells[1], list(cells[2]).toList());
    } else if (cells[0].equals("acl")
        && cells.length == 7
        && commandsOfServices.containsKey(cells[1])) {
      entries.add(
          new AclEntry(
              cells[1],
              ResourceType.valueOf(constant(cells[2])),
              PatternType.valueOf(constant(cells[3])),
              cells[4],
              list(cells[5]).map(name -> AclOperation.valueOf(constant(name))).toList(),
              cells[6]));
    } else {
      throw new IllegalStateException(RESOURCE + " has a line that is none: " + line);
    }
  }

  private static Stream<String> list(String cell) {
    return Arrays.stream(cell.split(", "));
  }

  private static String constant(String name) {
    return name.toUpperCase(Locale.ROOT).replace('-', '_');
  }
}
