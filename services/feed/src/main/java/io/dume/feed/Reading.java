package io.dume.feed;

import io.dume.schemas.message.TokenBatch;

/** What a source gives, one after the other. */
sealed interface Reading {
  /**
   * A document.
   *
   * @param domain as the source has it, known or not
   * @param source a part of the ids
   * @param id within the source
   * @param text not empty
   * @param where for people
   */
  record Document(String domain, String source, String id, String text, String where)
      implements Reading {}

  /**
   * A record that is ready to be sent.
   *
   * @param batch the record
   * @param last whether it is the last of its document
   * @param where for people
   */
  record Ready(TokenBatch batch, boolean last, String where) implements Reading {}

  /**
   * Something that can't be sent.
   *
   * @param document where and why
   */
  record Unusable(SetAsideDocument document) implements Reading {
    Unusable(String where, String reason, String detail, Object... values) {
      this(new SetAsideDocument(where, reason, detail.formatted(values)));
    }
  }
}
