/**
 * The lab: the paper's comparisons and ablations (arXiv 2603.29765) in one process, without Kafka.
 *
 * <p>{@link io.dume.lab.Lab} is the door. It takes a merged model, its dense experts and labelled
 * text in three parts, and compares ways to route on test text: all parameters averaged, random
 * experts, gates that are solved from statistics, with and without memory, gates that are trained,
 * and the oracle that knows the label. Figures are those of {@link io.dume.evaluator}: normalised
 * performance is a domain's own dense expert's perplexity over the method's.
 *
 * <p>Statistics are extracted by the same forward pass, rounded to the same integers and solved by
 * the same code as in the stream, so what is found here holds there. What the lab adds is the
 * optimiser: gates are trained by the derivatives that {@link
 * io.dume.models.MixtureModel#gateGradient} gives, in the gates alone. Everything else of a model
 * is out of reach of a training, its experts' {@code gate_proj} too.
 *
 * <p>Beside perplexity there are questions with several answers, of which a model takes the
 * likeliest; accuracy is normalised by the dense expert's. And there are ablations: one thing is
 * varied while all else stays, judged on a sample of test text, as figures and as pictures.
 *
 * <p>What is random (random routing, the order of training text, gates before training) comes from
 * seeds that are counted from 0, so a run can be repeated; results of several seeds are given as
 * mean and spread, the largest less the smallest.
 */
package io.dume.lab;
