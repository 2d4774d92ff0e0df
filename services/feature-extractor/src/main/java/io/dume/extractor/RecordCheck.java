package io.dume.extractor;

import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.MessageFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.apache.kafka.common.utils.Utils;

/**
 * Decides, before any forward pass, whether a record of token-batches can count. Reads only the
 * record, the fit, its domains and the ids that are counted in it, so every worker decides alike.
 * Never allocates more than a constant times the largest valid record.
 */
final class RecordCheck {
  /** Two varints around each sequence, five bytes a token. */
  private static final int BYTES_PER_TOKEN = 16;

  /** Source, document, domain, ids. */
  private static final int ENVELOPE_BYTES = 1 << 20;

  private final Fit fit;
  private final Domains domains;
  private final MessageFormat format;

  RecordCheck(Fit fit, Domains domains, MessageFormat format) {
    this.fit = fit;
    this.domains = domains;
    this.format = format;
  }

  /**
   * Judges a record.
   *
   * @param partition where it was read
   * @param key of the message, empty where there was none
   * @param value of the message, empty where there was none
   * @param counted whether an id is counted already
   * @throws io.dume.schemas.wire.FormatUnavailableException if it can't be said now
   */
  Verdict judge(int partition, byte[] key, byte[] value, Predicate<Id> counted) {
    long largest = (long) BYTES_PER_TOKEN * fit.getMaxRecordTokens() + ENVELOPE_BYTES;
    if (value.length > largest) {
      // Before it is decoded: a decoded record takes many times its bytes.
      return refused(
          Reason.RECORD_TOO_LARGE,
          "%d bytes: no record of at most %d tokens has more than %d",
          value.length,
          fit.getMaxRecordTokens(),
          largest);
    }
    TokenBatch batch;
    try {
      batch = format.decode(value, TokenBatch.class);
    } catch (MalformedMessageException e) {
      return new Verdict.Refused(Reason.MALFORMED_MESSAGE, e.getMessage());
    }
    var derived = Ids.ofRecord(batch.getSource(), batch.getDocument(), batch.getPart());
    if (!derived.equals(batch.getId()) || !Arrays.equals(key, batch.getId().bytes())) {
      return refused(
          Reason.ID_MISMATCH,
          "id %s, key of %d bytes: key and id must both be %s, the hash of source, document and part",
          Ids.hex(batch.getId()),
          key.length,
          Ids.hex(derived));
    }
    int belongs = partition(key);
    if (partition != belongs) {
      // Elsewhere the same id would not be noticed.
      return refused(
          Reason.WRONG_PARTITION,
          "partition %d: this key belongs into partition %d of %d, where the default partitioner puts it",
          partition,
          belongs,
          fit.getStart().size());
    }
    var slot = domains.slot(batch.getDomain(), batch.getHeldOut());
    if (slot.isEmpty()) {
      return withoutSlot(batch.getDomain());
    }
    if (counted.test(batch.getId())) {
      return new Verdict.Duplicate(batch.getId());
    }
    if (!batch.getTokenizer().isEmpty()
        && !fit.getTokenizer().isEmpty()
        && !batch.getTokenizer().equals(fit.getTokenizer())) {
      return refused(
          Reason.WRONG_TOKENIZER,
          "tokenizer %s: the fit's is %s; feed with the merged model's tokenizer.json",
          Domains.shortened(batch.getTokenizer()),
          fit.getTokenizer());
    }
    return judge(batch.getId(), batch.getSequences(), slot.get());
  }

  private int partition(byte[] key) {
    return Utils.toPositive(Utils.murmur2(key)) % fit.getStart().size();
  }

  private Verdict withoutSlot(String domain) {
    if (domains.leavesOut(domain)) {
      return new Verdict.LeftOut();
    }
    if (domains.removed(domain)) {
      return refused(
          Reason.REMOVED_DOMAIN,
          "domain \"%s\" was removed: add it again, then send the record again",
          Domains.shortened(domain));
    }
    return refused(
        Reason.UNKNOWN_DOMAIN,
        "domain \"%s\": the router's domains are %s",
        Domains.shortened(domain),
        domains.names());
  }

  private Verdict judge(Id id, List<List<Integer>> sequences, Slot slot) {
    if (sequences.isEmpty()) {
      return refused(Reason.EMPTY_BATCH, "no sequences: a record holds at least one");
    }
    long all = 0;
    long counted = 0;
    List<int[]> ids = new ArrayList<>(sequences.size());
    for (int i = 0; i < sequences.size(); i++) {
      List<Integer> sequence = sequences.get(i);
      if (sequence.isEmpty()) {
        return refused(Reason.EMPTY_SEQUENCE, "sequence %d has no tokens", i);
      }
      if (sequence.size() > fit.getMaxSequenceTokens()) {
        return refused(
            Reason.SEQUENCE_TOO_LONG,
            "sequence %d has %d tokens: at most %d in this fit",
            i,
            sequence.size(),
            fit.getMaxSequenceTokens());
      }
      all += sequence.size();
      if (all > fit.getMaxRecordTokens()) {
        return refused(
            Reason.RECORD_TOO_LARGE,
            "more than %d tokens, the most of a record in this fit: send shorter records",
            fit.getMaxRecordTokens());
      }
      for (int at = 0; at < sequence.size(); at++) {
        int token = sequence.get(at);
        if (token < 0 || token >= fit.getVocabulary()) {
          return refused(
              Reason.TOKEN_OUT_OF_VOCABULARY,
              "token id %d at position %d of sequence %d: ids are 0 to %d",
              token,
              at,
              i,
              fit.getVocabulary() - 1);
        }
      }
      // Attention is causal, so what comes after the positions that count changes nothing in them.
      int[] kept = new int[Math.min(sequence.size(), fit.getContextDim())];
      for (int at = 0; at < kept.length; at++) {
        kept[at] = sequence.get(at);
      }
      ids.add(kept);
      counted += kept.length;
    }
    return new Verdict.Accepted(id, slot, ids, counted);
  }

  private static Verdict refused(Reason reason, String detail, Object... values) {
    return new Verdict.Refused(reason, detail.formatted(values));
  }
}
