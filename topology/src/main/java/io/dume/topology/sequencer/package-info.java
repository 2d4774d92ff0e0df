/**
 * Who decides what counts, free of Kafka: {@link io.dume.topology.sequencer.Sequencer} is a state
 * machine that takes manifests and control records in order and answers with decisions. Its state
 * is in a {@link io.dume.topology.sequencer.SequencerMemory}, so a restart is a new object on the
 * same memory.
 *
 * <p>For each fit it knows the next position of every partition of token-batches. A flush counts if
 * every range starts there; one that starts before has been counted, at least in part, and is
 * refused; one that starts after shows that something is lost, and the fit stops. Everything that a
 * manifest claims is checked here, once, so no layer ever has to decide alone: the tiles must be
 * all tiles of all layers, the slots must be what a worker of this fit could have made, and the
 * running sums of the largest diagonal entries must stay below 2^62. In a positive semidefinite
 * matrix no entry is larger than the largest of the diagonal, so that bounds every sum of every
 * layer.
 *
 * <p>A router may have several fits. All are sequenced alike; cuts are made of the one that serves.
 * A fit that was retired still counts what comes, since it can be promoted again; one that was
 * removed is forgotten, and what comes of it goes to dead-letters.
 *
 * <p>Taking away equals never having been. A list of experts without a domain ends the domain's
 * slots: in the step that reads the list the sequencer forgets them and orders every partition to
 * delete their sums, before any other order. A flush that was on its way then counts by its
 * positions, without these slots. A domain that comes back gets slots of its own, so the order of
 * removal and return does not matter to what is still on its way. What is left (sums, tokens,
 * bounds) is what the same flushes give had they never held the domain; only positions, the number
 * of the list and the numbers of cuts tell that something was there.
 */
package io.dume.topology.sequencer;
