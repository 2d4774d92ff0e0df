/**
 * The Kafka Streams topology: two applications that turn flushes of workers into consistent sums,
 * and sums into cuts.
 *
 * <p>{@link io.dume.topology.SequencerTopology} is the one place where it is decided what counts,
 * {@link io.dume.topology.FoldTopology} does the work, one task a partition. They are two
 * applications and not one, because an application has one commit interval: the sequencer's must be
 * short, since everybody waits for its orders, and the fold's long, since every commit writes the
 * changed sums to the changelog. Decisions and arithmetic are in the packages below, free of Kafka
 * Streams; what is here only carries records and stores.
 */
package io.dume.topology;
