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
 */
package io.dume.topology.sequencer;
