package io.dume.topology.sequencer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The requests for cuts that no cut has answered. Not thread-safe. */
final class Requests {
  private static final int MAX_REQUESTS_OF_A_CUT = 1000;

  private final SequencerMemory memory;
  private final TreeMap<Long, Request> open = new TreeMap<>();

  Requests(SequencerMemory memory) {
    this.memory = memory;
  }

  /** A request that the memory has. */
  void restore(Request request) {
    open.put(request.offset(), request);
  }

  void open(Request request) {
    open.put(request.offset(), request);
    memory.markRequest(request.offset(), true);
  }

  private void settle(Request request) {
    open.remove(request.offset());
    memory.markRequest(request.offset(), false);
  }

  private List<Request> of(FitProgress progress) {
    return open.values().stream().filter(r -> r.router().equals(progress.router())).toList();
  }

  /** Settles the requests that would wait for ever: the fit does not have what they name. */
  List<Request> settleImpossible(FitProgress progress) {
    List<Request> impossible =
        of(progress).stream().filter(r -> r.unknownPartition(progress).isPresent()).toList();
    impossible.forEach(this::settle);
    return impossible;
  }

  /**
   * Settles the requests that a cut of the fit answers now, put together by what they want. What is
   * too much for a cut to name waits for the next.
   */
  Collection<List<Request>> settleReached(FitProgress progress) {
    Map<Penalty, List<Request>> reached = new LinkedHashMap<>();
    for (Request request : of(progress)) {
      if (request.reached(progress)) {
        List<Request> together = reached.computeIfAbsent(request.penalty(), p -> new ArrayList<>());
        if (together.size() < MAX_REQUESTS_OF_A_CUT) {
          together.add(request);
          settle(request);
        }
      }
    }
    reached.values().forEach(together -> settleWith(together, progress));
    return reached.values();
  }

  /**
   * A promotion that names what never comes would hold back automatic cuts for ever. Whoever asked
   * after it has what there was then, so the router has moved over, and the cut answers both.
   */
  private void settleWith(List<Request> together, FitProgress progress) {
    long last = together.get(together.size() - 1).offset();
    for (Request request : of(progress)) {
      if (request.offset() < last
          && request.promotes(progress)
          && together.size() < MAX_REQUESTS_OF_A_CUT) {
        together.add(request);
        settle(request);
      }
    }
  }

  /** Whether the cut with which the router moves over to the fit is still to come. */
  boolean promotionWaits(FitProgress progress) {
    return of(progress).stream().anyMatch(request -> request.promotes(progress));
  }
}
