package io.dume.extractor;

/**
 * What a worker has done since it started.
 *
 * @param partitions of token-batches that it has now
 * @param records counted and flushed
 * @param tokens counted and flushed
 * @param setAside records that went to dead-letters, flushed
 * @param flushes committed
 * @param pendingRecords read since the last flush, set aside or not
 * @param pendingTokens counted since the last flush
 */
public record ExtractorSnapshot(
    int partitions,
    long records,
    long tokens,
    long setAside,
    long flushes,
    long pendingRecords,
    long pendingTokens) {
  static final ExtractorSnapshot NOTHING = new ExtractorSnapshot(0, 0, 0, 0, 0, 0, 0);
}
