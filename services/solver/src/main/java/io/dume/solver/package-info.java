/**
 * The solver: from a cut to a router version.
 *
 * <p>{@link io.dume.solver.Solver} is the service. It consumes the cuts, reads the layers of each
 * from layer-statistics, solves W = (A + λI)⁻¹ b for every layer in parallel, normalises the
 * columns, and publishes a version, or a refusal that says why there is none. Output and positions
 * are one transaction, so a cut gives exactly one of the two whatever is killed. Of several solvers
 * of a router one is active, by the consumer group of the one-partition topic cuts; a new active
 * one fences the old one before it reads the last version number.
 *
 * <p>{@link io.dume.solver.CutStatistics} reads the statistics of a cut for whoever wants to keep
 * them.
 *
 * <p>Two libraries factor: EJML, in pure Java, gives the same bits on every host; OpenBLAS is
 * faster and gives bits that depend on the processor's core type. Both run one thread a layer, so
 * bits never depend on the number of threads. Which one a fit uses is fixed in the control log by
 * the fit's first solver.
 */
package io.dume.solver;
