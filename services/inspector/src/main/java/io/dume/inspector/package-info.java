/**
 * What a router version tells about its domains without any model, any text or any forward pass
 * ({@link io.dume.inspector.Inspection}).
 *
 * <p>A version carries, for each layer, how the raw ridge scores z = Wᵀ [x; 1] of its training
 * tokens are spread: for each expert the sum of z over its tokens, and the sum of z zᵀ over all
 * tokens. These few numbers follow from A and b alone (Wᵀ b and Wᵀ A W), and they are enough: the
 * scores of a ridge regression onto "belongs to expert e" keep all that a linear rule can know of
 * the features, so the Mahalanobis distance of two experts' mean scores, within the pooled
 * covariance of an expert's tokens, is that of their mean features (Hastie, Tibshirani and
 * Friedman, The Elements of Statistical Learning, section 4.3 and exercise 4.2; exactly so without
 * a ridge penalty).
 *
 * <p>Without an intercept the scores keep less: a distance is then at most that of the mean
 * features, and two experts may be told apart better than it says. With token embeddings as
 * features there is one layer, and the same holds of it. A version whose gates were trained carries
 * no spread: the one that it was trained from does.
 *
 * <p>From it: how far apart two experts' tokens are in each layer, how often the gate would confuse
 * them if scores were normally distributed, and which experts a layer can hardly tell apart. From
 * two versions: how far the fresh tokens of an expert lie from those before, and how fast the gate
 * still moves ({@link io.dume.inspector.GateTurn}).
 */
package io.dume.inspector;
