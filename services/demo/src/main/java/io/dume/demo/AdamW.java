package io.dume.demo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Adam with decoupled weight decay (arXiv 1711.05101) and clipping by the norm of all gradients
 * together. Matrices decay, vectors do not. Not thread-safe.
 */
final class AdamW {

  private static final float BETA_1 = 0.9f;
  private static final float BETA_2 = 0.95f;
  private static final float EPSILON = 1e-8f;
  private static final float DECAY = 0.1f;
  private static final float LARGEST_NORM = 1;

  private record Slot(NDArray weight, NDArray mean, NDArray variance, float decay) {}

  private final List<Slot> slots = new ArrayList<>();
  private int step;

  /**
   * @param tuned weights with gradients attached
   */
  AdamW(NDManager manager, Map<String, NDArray> tuned) {
    tuned.forEach(
        (name, weight) ->
            slots.add(
                new Slot(
                    weight,
                    manager.zeros(weight.getShape()),
                    manager.zeros(weight.getShape()),
                    weight.getShape().dimension() > 1 ? DECAY : 0)));
  }

  /** One step along the gradients that the last backward pass left; clears them. */
  void step(NDManager scratch, float rate) {
    step++;
    List<NDArray> gradients = new ArrayList<>(slots.size());
    double squares = 0;
    for (Slot slot : slots) {
      NDArray gradient = slot.weight().getGradient();
      gradient.attach(scratch);
      gradients.add(gradient);
      squares += gradient.square().sum().getFloat();
    }
    double norm = Math.sqrt(squares);
    if (!Double.isFinite(norm)) {
      throw new ArithmeticException(
          "the gradient is not finite in step " + step + ": choose a smaller learning rate");
    }
    float rescale = (float) Math.min(1, LARGEST_NORM / Math.max(norm, 1e-12));
    double correction = Math.sqrt(1 - Math.pow(BETA_2, step)) / (1 - Math.pow(BETA_1, step));
    for (int i = 0; i < slots.size(); i++) {
      Slot slot = slots.get(i);
      NDArray gradient = gradients.get(i);
      gradient
          .getNDArrayInternal()
          .adamUpdate(
              new NDList(slot.weight(), gradient, slot.mean(), slot.variance()),
              new NDList(slot.weight()),
              rate,
              (float) (rate * correction),
              slot.decay(),
              rescale,
              -1,
              BETA_1,
              BETA_2,
              EPSILON,
              false,
              true);
    }
  }
}
