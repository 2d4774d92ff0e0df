package io.dume.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.List;

/**
 * A sequence that a model reads on and on, a few tokens at a time, and what it expects to come next
 * after each: text is written by giving it back what was chosen. Keys and values of the tokens that
 * were read stay on the device, and so does what a {@link RoutingPolicy} remembers, so a token
 * costs the same however many came before, but for its attention to them.
 *
 * <p>The logits are those of the whole sequence at once up to rounding, however it is divided into
 * calls. The exception is a policy with scores from above: a whole text is read in two passes then,
 * while here each token has exactly what the policy defines; its tokens go through the model one by
 * one, those of a prompt too.
 *
 * <p>The device holds 8 bytes · kv heads · head_dim · layers for each of up to twice the tokens
 * read. Equal calls give equal bits. For one thread at a time; several sequences may read through
 * one model at once. The model must stay open.
 */
public final class Generation implements AutoCloseable {

  /** Tokens that go through the layers at a time: more of them are hardly faster. */
  private static final int PASS = 1024;

  /** What stands where the MLPs are. */
  interface Step extends ForwardPass.MlpStep {
    /** Returns the experts' names, in the order of the shares; none if there is no choice. */
    List<String> experts();

    /** Returns how many tokens may go through the layers at a time. */
    int together();

    /** Returns by layer and expert the shares of the last token. */
    float[][] lastShares();
  }

  /**
   * What a model expects after the last token that it has read.
   *
   * @param logits (vocabulary)
   * @param shares (layers, experts): how much of the last token went through which expert in each
   *     layer, which is to say who wrote the next one; a layer's shares sum to 1. Without experts,
   *     (layers, 0)
   */
  public record Prediction(float[] logits, float[][] shares) {}

  private final ForwardPass forward;
  private final Step step;
  private final NDManager manager;
  private final KeyValueCache cache;

  /** Takes over the manager, which owns what the step keeps. */
  Generation(ForwardPass forward, Step step, NDManager manager) {
    this.forward = forward;
    this.step = step;
    this.manager = manager;
    cache = new KeyValueCache(forward.config(), forward.kernels(), manager);
  }

  /** Makes a step that is the same MLPs for all tokens. */
  static Step dense(ForwardPass forward, List<Mlp> mlps, List<String> experts, float[] shares) {
    ForwardPass.MlpStep dense = forward.dense(mlps);
    return new Step() {
      @Override
      public NDArray apply(int layer, NDArray hidden, NDArray x, Workspace workspace) {
        return dense.apply(layer, hidden, x, workspace);
      }

      @Override
      public List<String> experts() {
        return experts;
      }

      @Override
      public int together() {
        return Integer.MAX_VALUE;
      }

      @Override
      public float[][] lastShares() {
        return mlps.stream().map(layer -> shares.clone()).toArray(float[][]::new);
      }
    };
  }

  /**
   * Reads on.
   *
   * @param ids the next tokens of the sequence; at least one, and no more than {@link #room}
   * @return what is expected after the last of them
   * @throws IllegalArgumentException if there is none, they are too many, or one is outside of the
   *     vocabulary; nothing was read then. After any other exception the sequence is of no use
   */
  public Prediction read(int... ids) {
    check(ids);
    int pass = Math.min(PASS, step.together());
    for (int from = 0; ; from += pass) {
      int to = Math.min(ids.length, from + pass);
      long[] part = Arrays.stream(ids, from, to).asLongStream().toArray();
      try (NDManager owner = manager.newSubManager()) {
        NDArray hidden = forward.append(part, cache, step, owner);
        if (to == ids.length) {
          return new Prediction(logits(hidden, owner), step.lastShares());
        }
      }
    }
  }

  private void check(int[] ids) {
    ModelConfig config = forward.config();
    if (ids.length == 0) {
      throw new IllegalArgumentException("no tokens: there is nothing to read");
    }
    if (ids.length > room()) {
      throw new IllegalArgumentException(
          "%d tokens after %d: max_position_embeddings = %d"
              .formatted(ids.length, length(), config.maxPositionEmbeddings()));
    }
    for (int id : ids) {
      if (id < 0 || id >= config.vocabSize()) {
        throw new IllegalArgumentException(
            "token id %d: outside the vocabulary of %d".formatted(id, config.vocabSize()));
      }
    }
  }

  private float[] logits(NDArray hidden, NDManager owner) {
    Kernels kernels = forward.kernels();
    Backbone backbone = forward.backbone();
    NDArray last = kernels.run("last", owner, hidden);
    double eps = forward.config().rmsNormEps();
    return kernels
        .run("logits", owner, last, backbone.norm(), eps, backbone.output())
        .toFloatArray();
  }

  /**
   * Returns the experts' names, in the order of {@link Prediction#shares}; none without experts.
   */
  public List<String> experts() {
    return step.experts();
  }

  /** Returns how many tokens were read. */
  public int length() {
    return cache.length();
  }

  /** Returns how many tokens can still be read: at the start {@code max_position_embeddings}. */
  public int room() {
    return forward.config().maxPositionEmbeddings() - cache.length();
  }

  @Override
  public void close() {
    manager.close();
  }
}
