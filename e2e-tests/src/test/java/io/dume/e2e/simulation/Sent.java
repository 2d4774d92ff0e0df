package io.dume.e2e.simulation;

import io.dume.schemas.message.TokenBatch;
import java.util.Map;
import java.util.Optional;

/**
 * What was sent to token-batches, as who sent it knows it.
 *
 * @param batch what can be read of it; nothing of bytes that are no message
 * @param unreadable the reason for which nobody can count it, whatever its domain
 * @param unusable the reason for which it can't count where its domain is in
 * @param lists for each fit, in hexadecimal, the version of its list when this was sent
 */
record Sent(
    Optional<TokenBatch> batch,
    Optional<String> unreadable,
    Optional<String> unusable,
    Map<String, Integer> lists) {
  static Sent good(TokenBatch batch, Map<String, Integer> lists) {
    return new Sent(Optional.of(batch), Optional.empty(), Optional.empty(), lists);
  }
}
