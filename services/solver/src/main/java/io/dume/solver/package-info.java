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
 * <p>A router can have several fits, of which one serves; cuts of the others give no version, so a
 * router moves over to a promoted fit in one version, which has the next number.
 *
 * <p>λ is given, or chosen out of eleven decades by the error on held-out tokens ({@link
 * io.dume.solver.LambdaChoice}): one for all layers, so all layers must have been seen before it is
 * known. Each layer is solved with every candidate while it is there; a gate and an error for each
 * is all that is kept of it. At eleven factorisations a tridiagonalisation would begin to pay, but
 * its solutions would not be the very bits that a request for the chosen λ gives.
 *
 * <p>A solver with an instance name ({@link io.dume.solver.SolverConfig#instance}) is a static
 * member of the group: started again after a crash it goes on at once. Of two of one name the older
 * ends with an error, whatever it was doing.
 *
 * <p>{@link io.dume.solver.RouterPublication} publishes gates that were trained elsewhere as the
 * next version. For one transaction it is the router's publisher, so the active solver is fenced,
 * takes over again and does the cut anew that it was in. It commits the solvers' position with its
 * number as they do, since the number in the topic alone can be hidden.
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
