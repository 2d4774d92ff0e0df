package io.dume.feed;

/** A document that must be set aside. */
final class UnusableException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  UnusableException(String reason, String detail) {
    super(detail);
    this.reason = reason;
  }

  Reading.Unusable at(String where) {
    return new Reading.Unusable(new SetAsideDocument(where, reason, getMessage()));
  }

  String reason() {
    return reason;
  }
}
