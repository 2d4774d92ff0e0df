/**
 * The feature extractor: token batches in, partial statistics out, each record exactly once.
 *
 * <p>{@link io.dume.extractor.Extraction} decides, without any client: it judges a record ({@code
 * RecordCheck}), runs it through the merged model ({@link io.dume.extractor.ExtractionModel}),
 * judges it again by its numbers, rounds it and adds it to the sums of its slot ({@code
 * Accumulator}). {@code ExtractionLoop} has the consumer, the clock and the control log, and does
 * what it is told. A flush ({@code FlushTransaction}) is one producer transaction with the tiles of
 * all sums, the ids counted, the dead letters, a manifest and the consumer's offsets: whatever
 * dies, a record is in exactly one committed flush. Workers form one consumer group a fit;
 * partitions are flushed before they move.
 *
 * <h2>An id counts once</h2>
 *
 * <p>Ids and the slots that they were counted in are kept in the compacted topic of counted ids, in
 * the partition of the record, and in memory by who has that partition ({@code CountedRecords}). A
 * key always goes to the same partition, so nobody else has to be asked; a record elsewhere is set
 * aside. Whoever gets a partition reads it to the end of what is written, not only of what is
 * committed: a flush of who had it before may be open, and the consumer's offsets may be visible
 * before its ids are. Ids of the open flush are kept apart until it is committed. After a
 * rebalance, a partition that stayed is read on and not again.
 *
 * <p>An id stands in the way only as long as its slot is live, which ends with the domain's
 * membership in the fit. So a domain that was removed and added counts anew what is sent again.
 *
 * <h2>The order of lists and records</h2>
 *
 * <p>Before the records of a poll are judged, the control log is read to its end: what a user did
 * before sending is known. One flush holds slots of one list of experts: a new list makes a flush
 * due, and is used after it.
 *
 * <h2>From fit to fit</h2>
 *
 * <p>A worker joins the fit that serves, or a candidate that has its settings. When another fit is
 * promoted, it flushes, leaves the group, and goes on in that of the fit that serves, with the
 * settings of that fit, if its model is of the same backbone, experts, features and numeric
 * profile.
 *
 * <h2>What a feature is</h2>
 *
 * <p>By default the input of the MLP in each layer. A fit of {@code embedding} features ({@link
 * io.dume.extractor.TokenEmbeddingExtraction}) has one layer, the rows of the averaged embedding
 * matrix, and needs no forward pass and no expert's weights; everything else is as it is.
 *
 * <h2>Memory</h2>
 *
 * <p>With d the hidden size, n = d + 1, L layers, N experts, S the domains that one flush may hold
 * (flush bytes divided by a domain's sums, at least 1), a tile size of t and D = ⌈n / t⌉:
 *
 * <ul>
 *   <li>weights: backbone and N × the MLPs, on the device, in the type that they are computed in;
 *   <li>accumulators, direct memory ({@code -XX:MaxDirectMemorySize}), kept from flush to flush: S
 *       × L × 8 × n(n + t) / 2, up to the rounding of the last tile;
 *   <li>a flush, heap: a tile at a time, in three forms (8t² each), beside what is to be sent;
 *   <li>one Gram matrix, heap and device: 8 × n² each;
 *   <li>a record's features, device: L × 4 × d × the tokens that count, at most {@code
 *       maxRecordTokens}: by default at most 2 GiB, or one longest sequence where that takes more;
 *   <li>activations, device: those of one forward pass of the model library, whose tokens are
 *       bounded there;
 *   <li>counted ids, heap: 25 to 31.25 bytes for each id of the fit in this worker's partitions
 *       (load factor 0.64 to 0.8), also of domains that were removed since, and as much again for
 *       those of one partition while its table grows; and as many for each record of the open
 *       flush, of which there are at most the flush's tokens;
 *   <li>messages, heap: at most 16 MiB fetched, 64 MiB to be sent, 32 MiB of dead letters, and 100
 *       bytes for each of the 100,000 duplicates of a manifest.
 * </ul>
 */
package io.dume.extractor;
