package io.dume.models;

/** Hears which expert each token of a window went through, layer by layer. */
@FunctionalInterface
public interface ChoiceListener {

  /** Hears nothing, and costs nothing. */
  ChoiceListener NONE = (window, layer, experts) -> {};

  /**
   * A layer has chosen for a whole window. Where a window is read twice, as {@link RoutingPolicy}
   * says, the last call counts.
   *
   * @param window the window's index among those that the caller gave
   * @param layer from 0
   * @param experts for each token the row of the router's gate with the largest share
   */
  void chosen(int window, int layer, int[] experts);
}
