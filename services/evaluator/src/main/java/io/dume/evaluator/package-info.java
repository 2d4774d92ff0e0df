/**
 * Judges mixtures by held-out text: perplexity by domain of a mixture under some routing, beside
 * the dense experts, the average of all parameters, random routing and the oracle that knows the
 * label ({@link io.dume.evaluator.Evaluator}, {@link io.dume.evaluator.Comparison}).
 *
 * <p>Perplexity is exp(total negative log-likelihood / predicted tokens). A document is its ids and
 * the end-of-text token, with a begin token only where the tokenizer adds one itself; it is cut
 * into windows that do not overlap, and the first token of a window is not predicted. Normalised
 * performance is the dense expert's perplexity on its own domain divided by the model's (arXiv
 * 2603.29765, section 4): 1 means that nothing was lost.
 *
 * <p>How gates are used is chosen here too, on text of its own: {@link
 * io.dume.evaluator.PolicySearch} looks for the policy, {@link io.dume.evaluator.PolicyChooser}
 * says when, while versions come, and whether what was found is worth a change.
 */
package io.dume.evaluator;
