package io.dume.topology.synthetic;

import io.dume.topology.fold.Shelf;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** A shelf in a map. */
public final class MapShelf implements Shelf {
  private final TreeMap<byte[], byte[]> map = new TreeMap<>(Arrays::compareUnsigned);

  /** What a crash now would leave: sums are added to in place, so the values are copied too. */
  public MapShelf copy() {
    MapShelf copy = new MapShelf();
    map.forEach((key, value) -> copy.map.put(key, value.clone()));
    return copy;
  }

  @Override
  public Optional<byte[]> get(byte[] key) {
    return Optional.ofNullable(map.get(key));
  }

  @Override
  public void put(byte[] key, byte[] value) {
    map.put(key, value);
  }

  @Override
  public void delete(byte[] key) {
    map.remove(key);
  }

  @Override
  public List<byte[]> keys(byte[] prefix) {
    return map.tailMap(prefix).keySet().stream()
        .takeWhile(key -> Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length))
        .toList();
  }

  /** Whether both hold the same, byte for byte. */
  public boolean holdsTheSameAs(MapShelf other) {
    return map.size() == other.map.size()
        && map.entrySet().stream()
            .allMatch(e -> Arrays.equals(e.getValue(), other.map.get(e.getKey())));
  }

  public int size() {
    return map.size();
  }
}
