/**
 * The algebra of the statistics. A worker's Gram matrix of one record is floating point; it is
 * scaled by 2^f and rounded half to even to 64-bit integers ({@link
 * io.dume.schemas.statistics.FixedPoint}), and from there on only integers are added. A sum of
 * integers does not depend on order, batching, workers or restarts, and can be taken away exactly.
 *
 * <p>The augmented Gram matrix is symmetric, so only the tiles of its upper triangle exist ({@link
 * io.dume.schemas.statistics.TileGrid}). A tile is its values in little-endian order, row after
 * row: the same bytes in a worker, on the wire, in RocksDB ({@link
 * io.dume.schemas.statistics.Tiles}).
 */
package io.dume.schemas.statistics;
