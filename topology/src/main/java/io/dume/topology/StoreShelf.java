package io.dume.topology;

import io.dume.topology.fold.Shelf;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** A state store as a shelf. */
record StoreShelf(KeyValueStore<Bytes, byte[]> store) implements Shelf {
  @Override
  public Optional<byte[]> get(byte[] key) {
    return Optional.ofNullable(store.get(Bytes.wrap(key)));
  }

  @Override
  public void put(byte[] key, byte[] value) {
    store.put(Bytes.wrap(key), value);
  }

  @Override
  public void delete(byte[] key) {
    // Unlike delete, this does not read what goes.
    store.put(Bytes.wrap(key), null);
  }

  @Override
  public List<byte[]> keys(byte[] prefix) {
    List<byte[]> keys = new ArrayList<>();
    try (KeyValueIterator<Bytes, byte[]> found =
        store.prefixScan(prefix, new ByteArraySerializer())) {
      found.forEachRemaining(entry -> keys.add(entry.key.get()));
    }
    return keys;
  }

  /** Keys and values with a beginning; for small values. */
  List<KeyValue<Bytes, byte[]>> entries(byte[] prefix) {
    List<KeyValue<Bytes, byte[]>> entries = new ArrayList<>();
    try (KeyValueIterator<Bytes, byte[]> found =
        store.prefixScan(prefix, new ByteArraySerializer())) {
      found.forEachRemaining(entries::add);
    }
    return entries;
  }
}
