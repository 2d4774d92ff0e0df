package io.dume.feed;

/**
 * A document that was not sent.
 *
 * @param where file, or file and line, or topic, partition and offset
 * @param reason short and stable, as in "unknown-domain"
 * @param detail for people: the value and the remedy
 */
public record SetAsideDocument(String where, String reason, String detail) {
  static final String UNKNOWN_DOMAIN = "unknown-domain";
  static final String INVALID_UTF8 = "invalid-utf-8";
  static final String EMPTY_TEXT = "empty-text";
  static final String TOKEN_OUT_OF_VOCABULARY = "token-out-of-vocabulary";
  static final String MALFORMED_LINE = "malformed-line";
  static final String DOCUMENT_TOO_LARGE = "document-too-large";
  static final String UNREADABLE = "unreadable";

  @Override
  public String toString() {
    return where + ": " + reason + ": " + detail;
  }
}
