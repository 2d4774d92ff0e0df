/**
 * All parts that decide something, in one thread: workers, sequencer, folds and solver on topics
 * and stores in memory, with the transactions, consumer groups and crashes of real ones.
 *
 * <p>One random number generator picks what happens next, so a seed is a schedule: who reads how
 * much, what is sent, which transaction commits, aborts or is left open by a crash, who joins and
 * leaves, which domains and experts come and go. Then everything is left to come to rest, and the
 * logs are compared with what is to be expected of them by the rules alone ({@link
 * io.dume.e2e.simulation.Reckoning}).
 *
 * <p>What is not simulated: clients and brokers themselves, threads, and time-outs, but for that of
 * a transaction. The code around the parts, which carries records from topics to them, is written
 * again here.
 */
package io.dume.e2e.simulation;
