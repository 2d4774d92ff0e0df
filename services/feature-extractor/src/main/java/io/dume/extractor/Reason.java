package io.dume.extractor;

/** Why a record does not count. The names on the wire are part of the contract. */
enum Reason {
  MALFORMED_MESSAGE,
  ID_MISMATCH,
  WRONG_PARTITION,
  UNKNOWN_DOMAIN,
  REMOVED_DOMAIN,
  WRONG_TOKENIZER,
  EMPTY_BATCH,
  EMPTY_SEQUENCE,
  SEQUENCE_TOO_LONG,
  RECORD_TOO_LARGE,
  TOKEN_OUT_OF_VOCABULARY,
  NON_FINITE_FEATURES,
  STATISTICS_OVERFLOW;

  private final String wire = name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');

  String wire() {
    return wire;
  }
}
