package io.dume.demo;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a training run ended.
 *
 * @param validationLosses by stage, {@code base} and each domain: loss on validation text after its
 *     last step, in nats a token; the base on all domains' text, an expert on its own
 * @param took from the first document to the last expert written
 */
public record TrainingReport(Map<String, Double> validationLosses, Duration took) {

  /** Keeps the order of the stages. */
  public TrainingReport {
    validationLosses = Collections.unmodifiableMap(new LinkedHashMap<>(validationLosses));
  }
}
