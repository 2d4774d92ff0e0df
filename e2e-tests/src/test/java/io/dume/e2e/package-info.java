/**
 * Everything that needs more than one service, through the real command line: in this process where
 * that is enough, in forked ones where it matters that they are apart.
 *
 * <p>The float64 oracle is that of the models' tests; its README says what it holds.
 */
package io.dume.e2e;
