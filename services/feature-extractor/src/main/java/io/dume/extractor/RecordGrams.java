package io.dume.extractor;

import java.util.List;

/**
 * The augmented Gram matrices of one record, before they are rounded.
 *
 * @param layers for each layer n x n values, row-major, n = d + 1; the last value of each is the
 *     number of tokens. Not copied: whoever makes it must not change it afterwards.
 */
public record RecordGrams(List<double[]> layers) {
  public RecordGrams {
    layers = List.copyOf(layers);
  }
}
