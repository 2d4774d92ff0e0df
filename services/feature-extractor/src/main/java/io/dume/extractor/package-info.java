/**
 * The feature extractor: token batches in, partial statistics out, each record exactly once.
 *
 * <p>A record is judged ({@code RecordCheck}), run through the merged model ({@link
 * io.dume.extractor.ExtractionModel}), judged again by its numbers, rounded and added to the sums
 * of its slot ({@code Accumulator}). A flush ({@code FlushMessages}, {@code FlushTransaction}) is
 * one producer transaction with the tiles of all sums, the dead letters, a manifest and the
 * consumer's offsets: whatever dies, a record is in exactly one committed flush. Workers form one
 * consumer group a fit; partitions are flushed before they move. These parts know nothing of each
 * other but what {@code ExtractionLoop}, the only one with a consumer, hands on.
 *
 * <h2>Memory</h2>
 *
 * With d the hidden size, n = d + 1, L layers, N experts, S the domains that one flush may hold
 * (flush bytes divided by a domain's sums, at least 1), a tile size of t and D = ⌈n / t⌉:
 *
 * <ul>
 *   <li>weights: backbone and N × the MLPs, on the device, in the type that they are computed in;
 *   <li>accumulators, heap: S × L × 8 × (n² + Σ of the lower halves that diagonal tiles mirror),
 *       which is S × L × 8 × (n(n + t) / 2) up to the rounding of the last tile;
 *   <li>one Gram matrix, heap and device: 8 × n² each;
 *   <li>a record's features, device: L × 4 × d × the tokens that count, at most {@code
 *       maxRecordTokens}: by default at most 2 GiB, or one longest sequence where that takes more;
 *   <li>activations, device: those of one forward pass of the model library, whose tokens are
 *       bounded there;
 *   <li>messages, heap: at most 16 MiB fetched, 64 MiB to be sent, 32 MiB of dead letters.
 * </ul>
 */
package io.dume.extractor;
