/**
 * The control log: which fit a router has, which experts in which order, and who asked for a cut.
 * It is one ordered partition, so everybody who reads it comes to the same state ({@link
 * io.dume.schemas.control.ControlState}); of two proposals the first in the log counts ({@link
 * io.dume.schemas.control.ControlLog}).
 */
package io.dume.schemas.control;
