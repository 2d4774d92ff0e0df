/**
 * What people change about an installation that runs, each by an ordered record of the control log
 * or by records of token-batches; nothing here touches a sum.
 *
 * <p>{@link io.dume.administration.ExpertLists} changes which experts and domains a router has.
 * {@link io.dume.administration.Replays} watches a fit that grows beside the one that serves, and
 * lets the router move over. {@link io.dume.administration.FitRetention} lists fits and removes
 * those that nobody needs. {@link io.dume.administration.CutRequests} asks for a version. {@link
 * io.dume.administration.RoutingPolicies} says how gates should be used. {@link
 * io.dume.administration.DeadLetterResend} sends what was set aside again, under its own id.
 */
package io.dume.administration;
