package io.dume.topology.sequencer;

/**
 * A domain and the MLPs that its tokens run through.
 *
 * @param domain the domain
 * @param mlp SHA-256, in hexadecimal, of its expert's MLPs
 */
record Extraction(String domain, String mlp) {}
