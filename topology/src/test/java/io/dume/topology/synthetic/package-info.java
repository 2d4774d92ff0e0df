/** Fits and flushes made of random numbers, and plain sums to compare with. */
package io.dume.topology.synthetic;
