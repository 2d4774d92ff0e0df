package io.dume.topology.fold;

import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.FitFailed;
import org.apache.avro.specific.SpecificRecord;

/** What the fold says must be written, in order. */
public sealed interface FoldOutput {
  /**
   * A record of layer-statistics, for the same partition.
   *
   * @param key the binary key
   * @param message a tile, the targets, or the end of a layer
   */
  record LayerStatistics(byte[] key, SpecificRecord message) implements FoldOutput {}

  /**
   * A record for the control log: the fit takes nothing any more.
   *
   * @param failure the message
   */
  record FitStopped(FitFailed failure) implements FoldOutput {}

  /**
   * Something that does not count.
   *
   * @param letter with reason and detail
   */
  record Refused(DeadLetter letter) implements FoldOutput {}

  /** Somebody waits for what was written: commit soon. */
  record CommitWanted() implements FoldOutput {}
}
