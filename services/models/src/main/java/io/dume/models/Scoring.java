package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Logits and likelihoods of a forward pass, whatever its MLPs. */
final class Scoring {

  /** Logits that are on the device at a time when likelihoods are computed: 128 MiB of float32. */
  private static final int MAX_LOGITS = 1 << 25;

  /** Makes the MLP step for a batch. */
  @FunctionalInterface
  interface Steps {
    /**
     * Makes the step for one batch.
     *
     * @param batch the sequences
     * @param ordinals for each of them its index among all that the caller gave
     * @param owner owns what the step allocates
     */
    ForwardPass.MlpStep forBatch(Batch batch, int[] ordinals, NDManager owner);
  }

  private final ForwardPass forward;
  private final NDManager manager;

  Scoring(ForwardPass forward, NDManager manager) {
    this.forward = forward;
    this.manager = manager;
  }

  /** Refuses sequences that the model cannot take, naming the index. */
  static void check(ModelConfig config, List<int[]> sequences) {
    for (int i = 0; i < sequences.size(); i++) {
      int[] ids = sequences.get(i);
      if (ids.length == 0 || ids.length > config.maxPositionEmbeddings()) {
        throw new IllegalArgumentException(
            "sequence "
                + i
                + " has "
                + ids.length
                + " tokens: 1 to max_position_embeddings = "
                + config.maxPositionEmbeddings()
                + " are possible");
      }
      for (int id : ids) {
        if (id < 0 || id >= config.vocabSize()) {
          throw new IllegalArgumentException(
              "sequence "
                  + i
                  + " holds token id "
                  + id
                  + ": outside the vocabulary of "
                  + config.vocabSize());
        }
      }
    }
  }

  float[] logits(int[] ids, Steps steps) {
    check(forward.config(), List.of(ids));
    try (NDManager owner = manager.newSubManager()) {
      Batch batch = Batch.of(List.of(ids));
      NDArray hidden = forward.run(batch, steps.forBatch(batch, new int[] {0}, owner), owner);
      Backbone backbone = forward.backbone();
      double eps = forward.config().rmsNormEps();
      return forward
          .kernels()
          .run("logits", owner, hidden, backbone.norm(), eps, backbone.output())
          .toFloatArray();
    }
  }

  List<WindowLoss> losses(List<int[]> windows, Steps steps) {
    check(forward.config(), windows);
    // Windows of like length together, so that few places of a grid are pads.
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < windows.size(); i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingInt((Integer i) -> windows.get(i).length).reversed());
    List<int[]> sorted = order.stream().map(windows::get).toList();
    WindowLoss[] losses = new WindowLoss[windows.size()];
    for (List<Integer> run : Batch.split(sorted)) {
      int[] ordinals = run.stream().mapToInt(order::get).toArray();
      score(Arrays.stream(ordinals).mapToObj(windows::get).toList(), ordinals, steps, losses);
    }
    return List.of(losses);
  }

  private void score(List<int[]> windows, int[] ordinals, Steps steps, WindowLoss[] losses) {
    try (NDManager owner = manager.newSubManager()) {
      Batch batch = Batch.of(windows);
      NDArray hidden = forward.run(batch, steps.forBatch(batch, ordinals, owner), owner);
      double[] surprises = surprises(batch, hidden, owner);
      int next = 0;
      for (int w = 0; w < ordinals.length; w++) {
        int predicted = batch.lengths()[w] - 1;
        double sum = 0;
        for (int t = 0; t < predicted; t++) {
          sum += surprises[next++];
        }
        losses[ordinals[w]] = new WindowLoss(sum, predicted);
      }
    }
  }

  /** Returns -log p of each predicted token, in packed order. */
  private double[] surprises(Batch batch, NDArray hidden, NDManager owner) {
    int total = batch.tokens() - batch.rows();
    long[] tokens = new long[total];
    long[] targets = new long[total];
    int packed = 0;
    int next = 0;
    for (int length : batch.lengths()) {
      for (int t = 0; t + 1 < length; t++) {
        tokens[next] = packed + t;
        targets[next++] = batch.ids()[packed + t + 1];
      }
      packed += length;
    }
    double[] surprises = new double[total];
    int part = Math.max(1, MAX_LOGITS / forward.config().vocabSize());
    for (int from = 0; from < total; from += part) {
      int to = Math.min(total, from + part);
      try (NDManager scratch = owner.newSubManager()) {
        double[] values =
            forward
                .kernels()
                .run(
                    "surprise",
                    scratch,
                    hidden,
                    scratch.create(Arrays.copyOfRange(tokens, from, to)),
                    scratch.create(Arrays.copyOfRange(targets, from, to)),
                    forward.backbone().norm(),
                    forward.config().rmsNormEps(),
                    forward.backbone().output())
                .toDoubleArray();
        System.arraycopy(values, 0, surprises, from, values.length);
      }
    }
    return surprises;
  }
}
