/**
 * Faults on real processes. Every service is a JVM of its own, real text is fed all the time, and a
 * seeded schedule of faults strikes them: {@link io.dume.e2e.crash.CrashRunIT}. What comes out must
 * be, byte for byte, the router of a run that nobody disturbed. {@code -Dcrash.kills=10} makes the
 * run as long as it should be once in a while, {@code -Dcrash.seed=N} repeats a schedule; of real
 * processes that is not every interleaving, but the same faults in the same order after the same
 * pauses.
 */
package io.dume.e2e.crash;
