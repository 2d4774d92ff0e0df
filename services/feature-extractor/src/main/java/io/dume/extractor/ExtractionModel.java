package io.dume.extractor;

import io.dume.models.FeatureSource;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import java.util.List;

/**
 * The merged model as a worker sees it: who it is, and the features of one record at a time. A
 * worker calls it from one thread; workers that share one need it to be safe for several.
 */
public interface ExtractionModel {
  /**
   * What a fit must know of a model.
   *
   * @param features what a feature is
   * @param backbone SHA-256, in hexadecimal, of the averaged backbone
   * @param layers number of layers that have features: the blocks, or 1 for token embeddings
   * @param width d, the hidden size
   * @param vocabulary number of token ids
   * @param maxPositions the longest sequence in tokens that the model was made for
   * @param tokenizer SHA-256, in hexadecimal, of tokenizer.json, or empty where there is none
   * @param experts in column order
   * @param profile what decides the bits of the statistics beside the weights
   */
  record Identity(
      FeatureSource features,
      String backbone,
      int layers,
      int width,
      int vocabulary,
      int maxPositions,
      String tokenizer,
      List<Expert> experts,
      ExtractionProfile profile) {
    public Identity {
      experts = List.copyOf(experts);
      if (layers < 1 || width < 1 || vocabulary < 1 || maxPositions < 1 || experts.isEmpty()) {
        throw new IllegalArgumentException(
            "a model of %d layers, width %d, vocabulary %d, %d positions and %d experts: each is at least 1"
                .formatted(layers, width, vocabulary, maxPositions, experts.size()));
      }
    }
  }

  /**
   * Who this model is.
   *
   * @return the same at every call, but for the experts after a {@link #refresh()} that was true
   */
  Identity identity();

  /**
   * Looks again at where the model came from, since a list of experts names one that it lacks. Only
   * experts can come or go: a directory that holds another backbone now changes nothing.
   *
   * @return true if its experts changed
   */
  boolean refresh();

  /**
   * Takes the features of one record: with {@link FeatureSource#MLP_INPUT} it runs through the
   * backbone with one expert's MLPs in every layer, and a feature is x, the input of the MLP. How
   * the record is split for memory must depend on the record alone.
   *
   * @param expert name of the expert
   * @param sequences token ids of the vocabulary; every token of every sequence counts
   * @return the features, which the caller closes
   */
  RecordFeatures extract(String expert, List<int[]> sequences);
}
