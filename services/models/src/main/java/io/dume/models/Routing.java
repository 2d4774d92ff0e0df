package io.dume.models;

import java.util.Objects;

/** Which MLPs a token of a mixture goes through. */
public sealed interface Routing {

  /**
   * The paper's mixture (arXiv 2603.29765): scores = gate(x) / temperature, softmax over the k
   * highest, and the sum of those experts' MLPs with these shares. With k = 1 the temperature has
   * no effect. The policy may let scores of earlier tokens and other layers join.
   *
   * <p>The router's experts are those of the model with their names, whatever others it has; see
   * {@link RouterWeights#EXPERTS}.
   *
   * @param router the gates
   * @param policy how they choose
   */
  record TopK(RouterWeights router, RoutingPolicy policy) implements Routing {
    /** Checks that both are there. */
    public TopK {
      Objects.requireNonNull(router, "router");
      Objects.requireNonNull(policy, "policy");
    }

    /**
     * As in the paper.
     *
     * @param router the gates
     * @param k how many experts a token goes through; at least 1
     * @param temperature positive
     */
    public TopK(RouterWeights router, int k, double temperature) {
      this(router, RoutingPolicy.PAPER.withChoice(k, temperature));
    }
  }

  /**
   * One expert for every token and layer.
   *
   * @param expert the expert's index
   */
  record Oracle(int expert) implements Routing {}

  /** No experts: the average of all their MLPs, as the backbone is an average of the rest. */
  record Average() implements Routing {}

  /**
   * A uniformly random expert for each token and layer. Sequence i of a call draws from a generator
   * of its own that only depends on the seed and on {@code firstSequence + i}, so a text gets the
   * same experts however sequences are grouped into calls and batches, and its beginning the same
   * whatever follows.
   *
   * @param seed chooses one of the possible worlds
   * @param firstSequence the ordinal of the call's first sequence; at least 0
   */
  record UniformRandom(long seed, long firstSequence) implements Routing {
    /** Checks the ordinal. */
    public UniformRandom {
      if (firstSequence < 0) {
        throw new IllegalArgumentException("first sequence = " + firstSequence + ": is negative");
      }
    }

    /** Starts with sequence 0. */
    public UniformRandom(long seed) {
      this(seed, 0);
    }
  }
}
