package io.dume.models;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Typed access to the fields of a JSON object in a file. Every refusal names file, field and value.
 * A field that is absent and one that is null are the same, as they are to Hugging Face.
 *
 * @param file where the object comes from
 * @param prefix what stands before a field's name in a message: empty at the top
 * @param node the object
 */
record ConfigFields(Path file, String prefix, JsonNode node) {

  private static final ObjectMapper JSON = new ObjectMapper();

  static ConfigFields read(Path file) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new InvalidModelException(file + ": missing", e);
    }
    JsonNode root;
    try {
      root = JSON.readTree(bytes);
    } catch (JsonProcessingException e) {
      throw new InvalidModelException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
    }
    if (root == null || !root.isObject()) {
      throw InvalidModelException.of(file, "not a JSON object");
    }
    return new ConfigFields(file, "", root);
  }

  boolean has(String field) {
    return node.hasNonNull(field);
  }

  JsonNode get(String field) {
    return node.path(field);
  }

  ConfigFields object(String field) throws InvalidModelException {
    JsonNode value = node.path(field);
    if (!value.isObject()) {
      throw refuse(field, "an object is expected");
    }
    return new ConfigFields(file, prefix + field + ".", value);
  }

  String text(String field) throws InvalidModelException {
    JsonNode value = node.path(field);
    if (!value.isTextual()) {
      throw refuse(field, "a string is expected");
    }
    return value.textValue();
  }

  String text(String field, String absent) throws InvalidModelException {
    return has(field) ? text(field) : absent;
  }

  boolean flag(String field, boolean absent) throws InvalidModelException {
    if (!has(field)) {
      return absent;
    }
    JsonNode value = node.path(field);
    if (!value.isBoolean()) {
      throw refuse(field, "true or false is expected");
    }
    return value.booleanValue();
  }

  int positive(String field) throws InvalidModelException {
    JsonNode value = node.path(field);
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() <= 0) {
      throw refuse(field, "a positive integer is expected");
    }
    return value.intValue();
  }

  int positive(String field, int absent) throws InvalidModelException {
    return has(field) ? positive(field) : absent;
  }

  double positiveNumber(String field) throws InvalidModelException {
    JsonNode value = node.path(field);
    if (!value.isNumber() || !(value.doubleValue() > 0) || Double.isInfinite(value.doubleValue())) {
      throw refuse(field, "a positive number is expected");
    }
    return value.doubleValue();
  }

  double positiveNumber(String field, double absent) throws InvalidModelException {
    return has(field) ? positiveNumber(field) : absent;
  }

  InvalidModelException refuse(String field, String why) {
    JsonNode value = node.path(field);
    return InvalidModelException.of(
        file, prefix + field + " = " + (value.isMissingNode() ? "(absent)" : value) + ": " + why);
  }
}
