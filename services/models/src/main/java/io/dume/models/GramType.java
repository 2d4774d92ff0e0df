package io.dume.models;

/** In which type the products of features are computed and summed over one forward pass. */
public enum GramType {
  /** Float64, the default: what the router's accuracy rests on. */
  FLOAT64,
  /** Float32, for devices whose float64 is slow; the result is widened. */
  FLOAT32
}
