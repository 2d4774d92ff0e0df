package io.dume.feed;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One JSON object in one line, read as a stream. */
final class JsonFields {
  /** Longer names and ids would be repeated in every record. */
  private static final int MAX_NAME = 4096;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
          .build();

  /** A line of a document. */
  record DocumentFields(String domain, Optional<String> id, String text) {}

  /** A line of a text that may have no label. */
  record TextFields(Optional<String> domain, Optional<String> id, String text) {}

  /** A line of a token batch. */
  record BatchFields(String domain, boolean heldOut, List<List<Integer>> sequences) {}

  private interface FieldReader {
    void read(String name, JsonParser parser) throws IOException, UnusableException;
  }

  private JsonFields() {}

  /**
   * Reads {@code {"domain": …, "id": …, "text": …}}; the id may be missing, or a number; other
   * fields are passed over.
   */
  static DocumentFields document(String line) throws UnusableException {
    TextFields fields = text(line);
    String domain = fields.domain().orElseThrow(() -> malformed("\"domain\" is missing"));
    return new DocumentFields(domain, fields.id(), fields.text());
  }

  /** Reads the same where the domain may be missing too. */
  static TextFields text(String line) throws UnusableException {
    String[] fields = new String[3];
    object(
        line,
        (name, parser) -> {
          switch (name) {
            case "domain" -> fields[0] = name(name, parser);
            case "id" -> fields[1] = id(parser);
            case "text" -> fields[2] = text(name, parser);
            default -> parser.skipChildren();
          }
        });
    require("text", fields[2]);
    return new TextFields(
        Optional.ofNullable(fields[0]), Optional.ofNullable(fields[1]), fields[2]);
  }

  /**
   * Reads {@code {"domain": …, "sequences": [[ids], …]}}, and {@code "heldOut"} where it is given.
   * Another field is an error: passing over a misspelt one would let held-out tokens into a router.
   */
  static BatchFields batch(String line) throws UnusableException {
    String[] domain = new String[1];
    boolean[] heldOut = new boolean[1];
    List<List<List<Integer>>> sequences = new ArrayList<>();
    object(
        line,
        (name, parser) -> {
          switch (name) {
            case "domain" -> domain[0] = name(name, parser);
            case "heldOut" -> heldOut[0] = flag(name, parser);
            case "sequences" -> sequences.add(sequences(parser));
            default ->
                throw malformed(
                    "unknown field \"%s\": a line has \"domain\" and \"sequences\""
                        .formatted(name));
          }
        });
    require("domain", domain[0]);
    if (sequences.isEmpty()) {
      throw malformed("\"sequences\" is missing");
    }
    return new BatchFields(domain[0], heldOut[0], sequences.get(0));
  }

  private static boolean flag(String field, JsonParser parser) throws UnusableException {
    JsonToken value = parser.currentToken();
    if (value != JsonToken.VALUE_TRUE && value != JsonToken.VALUE_FALSE) {
      throw malformed("\"%s\" is neither true nor false".formatted(field));
    }
    return value == JsonToken.VALUE_TRUE;
  }

  private static void object(String line, FieldReader reader) throws UnusableException {
    try (JsonParser parser = JSON.createParser(line)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw malformed("not a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        reader.read(name, parser);
      }
      if (parser.nextToken() != null) {
        throw malformed("something follows the JSON object");
      }
    } catch (IOException e) {
      throw malformed("not JSON: " + firstLine(e));
    }
  }

  private static String firstLine(IOException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  private static String name(String field, JsonParser parser)
      throws IOException, UnusableException {
    String name = text(field, parser);
    if (name.length() > MAX_NAME) {
      throw malformed(
          "\"%s\" has %d characters: at most %d".formatted(field, name.length(), MAX_NAME));
    }
    return name;
  }

  private static String text(String field, JsonParser parser)
      throws IOException, UnusableException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw malformed("\"%s\" is not a string".formatted(field));
    }
    return Utf8.requireWellFormed(parser.getText());
  }

  private static String id(JsonParser parser) throws IOException, UnusableException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
      return parser.getText();
    }
    return name("id", parser);
  }

  private static List<List<Integer>> sequences(JsonParser parser)
      throws IOException, UnusableException {
    requireArray(parser, "\"sequences\" is not an array of arrays");
    List<List<Integer>> sequences = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      requireArray(parser, "sequence %d is not an array".formatted(sequences.size()));
      List<Integer> ids = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        ids.add(tokenId(parser, sequences.size(), ids.size()));
      }
      sequences.add(ids);
    }
    return sequences;
  }

  private static void requireArray(JsonParser parser, String problem) throws UnusableException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw malformed(problem);
    }
  }

  private static int tokenId(JsonParser parser, int sequence, int position)
      throws IOException, UnusableException {
    if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      throw malformed("position %d of sequence %d is not an integer".formatted(position, sequence));
    }
    if (parser.getNumberType() != JsonParser.NumberType.INT) {
      throw new UnusableException(
          SetAsideDocument.TOKEN_OUT_OF_VOCABULARY,
          "position %d of sequence %d does not fit into 32 bits".formatted(position, sequence));
    }
    return parser.getIntValue();
  }

  private static void require(String field, String value) throws UnusableException {
    if (value == null) {
      throw malformed("\"%s\" is missing".formatted(field));
    }
  }

  private static UnusableException malformed(String detail) {
    return new UnusableException(SetAsideDocument.MALFORMED_LINE, detail);
  }
}
