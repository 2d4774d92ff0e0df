package io.dume.topology.sequencer;

import io.dume.schemas.message.Id;
import io.dume.schemas.message.SequencerProgress;
import java.util.List;
import java.util.SortedMap;

/**
 * What the sequencer must find again after a restart. In the topology it is a state store, written
 * in the transaction that writes the decisions; in a simulation it is a map.
 */
public interface SequencerMemory {
  /**
   * Keeps a record of the control log that counted.
   *
   * @param offset where it stands, which is its order
   * @param record the encoded record
   */
  void keepControl(long offset, byte[] record);

  /** {@return the kept records of the control log by offset} */
  SortedMap<Long, byte[]> control();

  /**
   * Marks a request for a cut, which a promotion makes too, as open or answered.
   *
   * @param offset where the request stands in the control log
   * @param open whether it waits
   */
  void markRequest(long offset, boolean open);

  /** {@return offsets of the requests that wait, ascending} */
  List<Long> openRequests();

  /**
   * Keeps the state of a fit in place of an earlier one.
   *
   * @param progress the state
   */
  void keepProgress(SequencerProgress progress);

  /**
   * Forgets the state of a fit, if there is one.
   *
   * @param fit the fit's id
   */
  void forgetProgress(Id fit);

  /** {@return the kept states, one a fit} */
  List<SequencerProgress> progress();

  /**
   * Keeps a manifest that waits.
   *
   * @param number its place in the queue
   * @param submission the manifest with its record
   */
  void park(long number, Submission submission);

  /**
   * Forgets a manifest that waited.
   *
   * @param number its place in the queue
   */
  void unpark(long number);

  /** {@return the manifests that wait, by their place in the queue} */
  SortedMap<Long, Submission> parked();
}
