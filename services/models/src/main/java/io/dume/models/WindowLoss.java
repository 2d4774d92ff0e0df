package io.dume.models;

/**
 * How well a window of text was predicted. The first token of a window is not predicted.
 *
 * @param negativeLogLikelihood the sum over the predicted tokens, in nats
 * @param tokens how many were predicted
 */
public record WindowLoss(double negativeLogLikelihood, int tokens) {}
