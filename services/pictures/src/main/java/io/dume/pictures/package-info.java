/**
 * Small pictures of figures. {@link io.dume.pictures.Plot} draws curves over one {@link
 * io.dume.pictures.Axis}, {@link io.dume.pictures.HeatMap} matrices; what is neither is put
 * together from the elements of {@link io.dume.pictures.Drawing}. A drawing is kept as a list of
 * elements and written as SVG or PNG, so both show the same. Its SVG is the same bytes everywhere;
 * the letters of its PNG come from the fonts of the machine.
 */
package io.dume.pictures;
