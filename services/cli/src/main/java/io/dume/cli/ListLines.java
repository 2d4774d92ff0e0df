package io.dume.cli;

import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import java.util.stream.Collectors;

/** A list of experts as a table: a column of the router in each row. */
final class ListLines {

  private ListLines() {}

  static void print(ExpertsChanged list, Console console) {
    Table table = new Table("expert", "domains", "fingerprint of its MLPs");
    for (Expert expert : list.getExperts()) {
      String domains =
          list.getDomains().stream()
              .filter(d -> d.getExpert().equals(expert.getName()))
              .map(DomainExpert::getDomain)
              .collect(Collectors.joining(","));
      table.row(expert.getName(), domains, expert.getMlp());
    }
    table.print(console);
    console.note("list %d of router %s".formatted(list.getVersion(), list.getRouter()));
    if (!list.getLeftOut().isEmpty()) {
      console.note("left out: " + String.join(", ", list.getLeftOut()));
    }
  }
}
