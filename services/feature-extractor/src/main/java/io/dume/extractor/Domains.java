package io.dume.extractor;

import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExpertsChanged;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Which expert's MLPs a domain's tokens run through. Immutable. */
final class Domains {
  private static final int MAX_NAMES = 20;
  private static final int MAX_LENGTH = 100;

  private final Map<String, Expert> experts = new HashMap<>();

  /**
   * @param list the list of experts that counts
   * @param here the experts of this worker's model
   * @throws ExtractorException if this worker's model lacks an expert of the list
   */
  Domains(ExpertsChanged list, List<Expert> here) {
    Map<String, Expert> byName = new HashMap<>();
    for (Expert expert : list.getExperts()) {
      if (!here.contains(expert)) {
        // Not the records' fault: they must wait for a worker that has the expert.
        throw new ExtractorException(
            "expert %s of list %d is not in this worker's model with the same MLPs: start the worker again with a merged model that has it"
                .formatted(expert.getName(), list.getVersion()));
      }
      byName.put(expert.getName(), expert);
    }
    for (DomainExpert domain : list.getDomains()) {
      experts.put(domain.getDomain(), byName.get(domain.getExpert()));
    }
  }

  Optional<Slot> slot(String domain, boolean heldOut) {
    return Optional.ofNullable(experts.get(domain))
        .map(expert -> Slot.of(domain, expert.getName(), expert.getMlp(), heldOut));
  }

  /**
   * The first names in order, for people: there may be more of them, and longer, than is legible.
   */
  String names() {
    String some =
        new TreeSet<>(experts.keySet())
            .stream().limit(MAX_NAMES).map(Domains::shortened).collect(Collectors.joining(", "));
    int more = experts.size() - MAX_NAMES;
    return more > 0 ? some + " and %d more".formatted(more) : some;
  }

  /** Text of a message as it may stand in an error, however long it is. */
  static String shortened(String text) {
    return text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH) + "…";
  }
}
