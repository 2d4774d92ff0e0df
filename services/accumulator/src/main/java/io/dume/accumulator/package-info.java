/**
 * The service that runs the topology: {@link io.dume.accumulator.Accumulator}, with {@link
 * io.dume.accumulator.AccumulatorConfig} for what it is told. Several instances share the
 * partitions of the fold; the sequencer runs in one of them, and the others stand by.
 */
package io.dume.accumulator;
