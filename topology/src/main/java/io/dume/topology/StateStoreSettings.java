package io.dume.topology;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;

/**
 * RocksDB for values of half a megabyte that are rewritten whole: large write buffers, so that most
 * rewrites meet in memory; no compression, since tiles are nearly random bits; one block cache for
 * all stores of the process, so that memory does not grow with partitions. Kafka Streams makes it
 * from {@code rocksdb.config.setter}.
 */
public final class StateStoreSettings implements RocksDBConfigSetter {
  /** Setting: bytes of a write buffer of staging and A; at most three exist a store. */
  public static final String WRITE_BUFFER_BYTES = "dume.rocksdb.write.buffer.bytes";

  /** Setting: bytes of the block cache of the process; the first store that opens decides. */
  public static final String BLOCK_CACHE_BYTES = "dume.rocksdb.block.cache.bytes";

  private static final long DEFAULT_WRITE_BUFFER_BYTES = 64L << 20;
  private static final long SMALL_WRITE_BUFFER_BYTES = 4L << 20;
  private static final long DEFAULT_BLOCK_CACHE_BYTES = 64L << 20;
  private static final int WRITE_BUFFERS = 3;
  private static final Set<String> LARGE = Set.of(FoldTopology.STAGING, FoldTopology.GRAM);

  /** RocksDB keeps native memory behind it as long as the process lives. */
  private static Cache blockCache;

  private static synchronized Cache blockCache(long bytes) {
    if (blockCache == null) {
      blockCache = new LRUCache(bytes);
    }
    return blockCache;
  }

  @Override
  public void setConfig(String storeName, Options options, Map<String, Object> configs) {
    BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
    table.setBlockCache(blockCache(setting(configs, BLOCK_CACHE_BYTES, DEFAULT_BLOCK_CACHE_BYTES)));
    table.setCacheIndexAndFilterBlocks(true);
    options.setTableFormatConfig(table);
    options.setCompressionType(CompressionType.NO_COMPRESSION);
    options.setWriteBufferSize(
        LARGE.contains(storeName)
            ? setting(configs, WRITE_BUFFER_BYTES, DEFAULT_WRITE_BUFFER_BYTES)
            : SMALL_WRITE_BUFFER_BYTES);
    options.setMaxWriteBufferNumber(WRITE_BUFFERS);
  }

  @Override
  public void close(String storeName, Options options) {
    // The cache is shared and outlives the store; everything else belongs to the options.
  }

  private static long setting(Map<String, Object> configs, String name, long otherwise) {
    Object value = configs.get(name);
    if (value == null) {
      return otherwise;
    }
    try {
      long bytes = Long.parseLong(value.toString());
      if (bytes < 1 << 20) {
        throw new IllegalArgumentException(
            "%s of %d: choose at least a mebibyte".formatted(name, bytes));
      }
      return bytes;
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "%s of \"%s\": a number of bytes is wanted".formatted(name, value), e);
    }
  }
}
