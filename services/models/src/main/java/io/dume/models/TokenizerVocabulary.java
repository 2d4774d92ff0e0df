package io.dume.models;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.TreeMap;

/** The ids of a {@code tokenizer.json} and the tokens they stand for. */
final class TokenizerVocabulary {

  private TokenizerVocabulary() {}

  static Map<Integer, String> of(ConfigFields tokenizer) throws InvalidModelException {
    Map<Integer, String> tokens = new TreeMap<>();
    JsonNode vocabulary = tokenizer.object("model").get("vocab");
    if (vocabulary.isObject()) {
      vocabulary.properties().forEach(e -> tokens.put(e.getValue().asInt(), e.getKey()));
    } else {
      // Unigram models list [token, score] pairs in the order of their ids.
      for (JsonNode entry : vocabulary) {
        tokens.put(tokens.size(), entry.path(0).asText());
      }
    }
    for (JsonNode added : tokenizer.get("added_tokens")) {
      tokens.put(added.path("id").asInt(), added.path("content").asText());
    }
    return tokens;
  }
}
