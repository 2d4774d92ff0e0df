package io.dume.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.lab.GateTraining;
import io.dume.schemas.message.Training;
import java.util.Locale;

/**
 * How gates were trained, in a router file's metadata ({@code {"start", "start_sha256", "steps",
 * "learning_rate", "balance", "tokens", "seed"}}, a JSON object), and for people. Which gates the
 * training began with, the digest, only the file of the training says: a version does not carry it,
 * and so neither does a file that a trained version is exported to.
 */
final class TrainingRecord {

  /** Key of it among a router file's strings. */
  static final String KEY = GateTraining.TRAINING;

  private static final String START_SHA256 = "start_sha256";

  private static final ObjectMapper JSON = new ObjectMapper();

  private TrainingRecord() {}

  static String json(Training training) {
    return JSON.createObjectNode()
        .put("start", training.getStart())
        .put("steps", training.getSteps())
        .put("learning_rate", training.getLearningRate())
        .put("balance", training.getBalance())
        .put("tokens", training.getTokens())
        .put("seed", training.getSeed())
        .toString();
  }

  /**
   * Reads what {@link #json} writes, and what a training does.
   *
   * @param file where it comes from, for messages
   * @throws IllegalArgumentException naming the field that is missing or no number
   */
  static Training parse(String file, String text) {
    JsonNode node = node(file, text);
    long steps = whole(file, node, "steps");
    if (steps != (int) steps) {
      throw unreadable(file, "has steps of " + steps, null);
    }
    return new Training(
        whole(file, node, "start"),
        (int) steps,
        number(file, node, "learning_rate"),
        number(file, node, "balance"),
        whole(file, node, "tokens"),
        whole(file, node, "seed"));
  }

  /**
   * The digest of the gates that the training began with.
   *
   * @param file where it comes from, for messages
   * @return in hexadecimal
   * @throws IllegalArgumentException if there is none
   */
  static String startSha256(String file, String text) {
    JsonNode value = node(file, text).path(START_SHA256);
    if (!value.isTextual() || !value.textValue().matches("[0-9a-fA-F]{64}")) {
      throw unreadable(
          file, "has no SHA-256 as " + START_SHA256 + ", of the version trained from", null);
    }
    return value.textValue();
  }

  private static JsonNode node(String file, String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw unreadable(file, "is no JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static long whole(String file, JsonNode node, String field) {
    JsonNode value = node.path(field);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw unreadable(file, "has no whole number as " + field, null);
    }
    return value.longValue();
  }

  private static double number(String file, JsonNode node, String field) {
    if (!node.path(field).isNumber()) {
      throw unreadable(file, "has no number as " + field, null);
    }
    return node.get(field).doubleValue();
  }

  private static IllegalArgumentException unreadable(String file, String what, Exception cause) {
    return new IllegalArgumentException(
        "%s: %s among its metadata %s: take the file as `dume router train` wrote it, from what `dume router export` did"
            .formatted(file, KEY, what),
        cause);
  }

  /** As a part of a version's JSON. */
  static void put(ObjectNode node, Training training) {
    node.put("start", training.getStart());
    node.put("steps", training.getSteps());
    node.put("learningRate", training.getLearningRate());
    node.put("balance", training.getBalance());
    node.put("tokens", training.getTokens());
    node.put("seed", training.getSeed());
  }

  /** {@code trained from version 8: 1,000 steps at a learning rate of 1.0E-4, …}. */
  static String sentence(Training training) {
    return String.format(
        Locale.ROOT,
        "%s: %,d steps at a learning rate of %s, load balancing %s, %,d tokens of text, seed %d",
        brief(training),
        training.getSteps(),
        training.getLearningRate(),
        training.getBalance(),
        training.getTokens(),
        training.getSeed());
  }

  static String brief(Training training) {
    return "trained from version " + training.getStart();
  }
}
