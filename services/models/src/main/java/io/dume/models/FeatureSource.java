package io.dume.models;

import java.util.Arrays;
import java.util.List;

/** What a token's feature is, and so what a router that is solved from features can score. */
public enum FeatureSource {

  /**
   * The input of the MLP in every layer, from a forward pass through the backbone and the expert's
   * own MLPs: what DUME (arXiv 2603.29765) solves a layer's gate from.
   */
  MLP_INPUT("mlp-input"),

  /**
   * The token's row of the averaged embedding matrix, without a forward pass: one gate, which says
   * of a token id, wherever it stands, whose text it is rather from. So routes IR3DE (arXiv
   * 2606.06098) whole texts, by what most of their tokens say.
   */
  EMBEDDING("embedding");

  private final String text;

  FeatureSource(String text) {
    this.text = text;
  }

  /**
   * Finds a source by what {@link #toString} gives.
   *
   * @throws IllegalArgumentException if there is no such source
   */
  public static FeatureSource of(String text) {
    return Arrays.stream(values())
        .filter(source -> source.text.equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "feature source \"%s\": this build knows %s"
                        .formatted(text, List.of(values()))));
  }

  /** Returns the name in fits, router files and on command lines. */
  @Override
  public String toString() {
    return text;
  }
}
