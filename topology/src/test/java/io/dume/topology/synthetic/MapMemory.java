package io.dume.topology.synthetic;

import io.dume.schemas.message.Id;
import io.dume.schemas.message.SequencerProgress;
import io.dume.topology.sequencer.SequencerMemory;
import io.dume.topology.sequencer.Submission;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** A sequencer's memory in maps: a restart is another sequencer on the same object. */
public final class MapMemory implements SequencerMemory {
  private final SortedMap<Long, byte[]> control = new TreeMap<>();
  private final TreeSet<Long> requests = new TreeSet<>();
  private final Map<Id, SequencerProgress> progress = new LinkedHashMap<>();
  private final SortedMap<Long, Submission> parked = new TreeMap<>();

  /** What a crash now would leave: the same content, apart from this one from now on. */
  public MapMemory copy() {
    MapMemory copy = new MapMemory();
    copy.control.putAll(control);
    copy.requests.addAll(requests);
    copy.progress.putAll(progress);
    copy.parked.putAll(parked);
    return copy;
  }

  @Override
  public void keepControl(long offset, byte[] record) {
    control.put(offset, record);
  }

  @Override
  public SortedMap<Long, byte[]> control() {
    return control;
  }

  @Override
  public void markRequest(long offset, boolean open) {
    if (open) {
      requests.add(offset);
    } else {
      requests.remove(offset);
    }
  }

  @Override
  public List<Long> openRequests() {
    return List.copyOf(requests);
  }

  @Override
  public void keepProgress(SequencerProgress kept) {
    progress.put(kept.getFit(), kept);
  }

  @Override
  public void forgetProgress(Id fit) {
    progress.remove(fit);
  }

  @Override
  public List<SequencerProgress> progress() {
    return List.copyOf(progress.values());
  }

  @Override
  public void park(long number, Submission submission) {
    parked.put(number, submission);
  }

  @Override
  public void unpark(long number) {
    parked.remove(number);
  }

  @Override
  public SortedMap<Long, Submission> parked() {
    return parked;
  }
}
