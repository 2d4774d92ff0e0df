package io.dume.lab;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** A row of the comparison. */
public enum Method {
  /** Each dense expert on every domain's text. */
  DENSE("dense"),
  /** All parameters averaged. */
  AVERAGE("average"),
  /** A random expert for each token and layer. */
  RANDOM("random"),
  /** Gates trained from random ones. */
  BTX("btx"),
  /** Gates solved from statistics, choosing as the paper does. */
  DUME("dume"),
  /** The same gates with the routing policy that suits validation text best. */
  DUME_MEMORY("dume-memory"),
  /** The solved gates with as many experts a token, and the temperature, that gates train with. */
  DUME_K("dume-k"),
  /** The same, with the routing policy that suits validation text best. */
  DUME_K_MEMORY("dume-k-memory"),
  /** Gates trained from the solved ones. */
  DUME_PLUS("dume+"),
  /** The same gates with the routing policy that suits validation text best. */
  DUME_PLUS_MEMORY("dume+-memory"),
  /** The expert of the text's own domain, in the averaged backbone. */
  ORACLE("oracle");

  private final String label;

  Method(String label) {
    this.label = label;
  }

  /** Returns the name in files and options. */
  public String label() {
    return label;
  }

  /** Returns whether its tokens go through as many experts as gates are trained with. */
  boolean isOfTraining() {
    return switch (this) {
      case BTX, DUME_K, DUME_K_MEMORY, DUME_PLUS, DUME_PLUS_MEMORY -> true;
      default -> false;
    };
  }

  /** Returns whether there is a router. */
  public boolean hasGates() {
    return isOfTraining() || this == DUME || this == DUME_MEMORY;
  }

  /**
   * Finds a method by its name.
   *
   * @throws IllegalArgumentException naming all there are
   */
  public static Method of(String label) {
    return Arrays.stream(values())
        .filter(method -> method.label.equals(label.strip().toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no method %s: there are %s"
                        .formatted(
                            label,
                            Arrays.stream(values())
                                .map(Method::label)
                                .collect(Collectors.joining(", ")))));
  }
}
