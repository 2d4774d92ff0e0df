package io.dume.topology.sequencer;

import io.dume.schemas.message.ApplyFlush;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.Id;
import org.apache.avro.specific.SpecificRecord;

/** What the sequencer says must be written, in order. Timestamps are epoch milliseconds. */
public sealed interface Decision {
  /**
   * An order for every partition of partial-statistics: DiscardFlush, TakeAway, Cut, ForgetFit or
   * FitFailed.
   *
   * @param order the message
   * @param fit the fit that it is about
   * @param number the flush's sequence number or the cut's number; 0 where there is none
   * @param timestamp the order's time; of orders about a flush that of its manifest
   */
  record ToAll(SpecificRecord order, Id fit, long number, long timestamp) implements Decision {}

  /**
   * One partition's share of a flush that counts.
   *
   * @param partition a partition of partial-statistics
   * @param order the message
   * @param timestamp that of the manifest
   */
  record ToPartition(int partition, ApplyFlush order, long timestamp) implements Decision {}

  /**
   * A cut for the solvers to see; comes after its orders.
   *
   * @param cut the message
   * @param timestamp when it was made
   */
  record CutMade(Cut cut, long timestamp) implements Decision {}

  /**
   * A record for the control log: the fit takes nothing any more.
   *
   * @param failure the message
   * @param timestamp when it was found
   */
  record FitStopped(FitFailed failure, long timestamp) implements Decision {}

  /**
   * A record that does not count.
   *
   * @param letter with reason and detail
   */
  record Refused(DeadLetter letter) implements Decision {}

  /**
   * A request for a cut that no cut can answer.
   *
   * @param offset where it stands in the control log
   * @param request what stands there
   * @param detail what is wrong with it
   * @param timestamp when it was found
   */
  record RequestRefused(long offset, SpecificRecord request, String detail, long timestamp)
      implements Decision {}
}
