package io.dume.topology.fold;

import java.util.List;
import java.util.Optional;

/**
 * An ordered map of bytes. In the topology it is a state store; in a simulation it is a map. What
 * {@code get} returns may be the shelf's own array: whoever changes it must put it back at once.
 */
public interface Shelf {
  /**
   * Looks up a value.
   *
   * @param key the key
   * @return the value, or nothing
   */
  Optional<byte[]> get(byte[] key);

  /**
   * Keeps a value in place of an earlier one.
   *
   * @param key the key
   * @param value the value, the shelf's own from now on
   */
  void put(byte[] key, byte[] value);

  /**
   * Forgets a value, if there is one.
   *
   * @param key the key
   */
  void delete(byte[] key);

  /**
   * All keys with a beginning.
   *
   * @param prefix the beginning
   * @return the keys, ascending as unsigned bytes
   */
  List<byte[]> keys(byte[] prefix);
}
