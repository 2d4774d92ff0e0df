package io.dume.feed;

import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeSet;

/** Documents to records: tokenized, ended, cut. */
final class RecordCutter {
  private final TextEncoder encoder;
  private final Set<String> domains;
  private final int contextDim;
  private final int sequencesPerRecord;
  private final boolean heldOut;

  RecordCutter(TextEncoder encoder, Set<String> domains, FeedConfig config) {
    this.encoder = encoder;
    this.domains = Set.copyOf(domains);
    this.contextDim = config.contextDim();
    this.sequencesPerRecord = config.sequencesPerRecord();
    this.heldOut = config.heldOut();
  }

  /** The records of a document, made one at a time, or the one reason why it has none. */
  Iterator<Reading> cut(Reading.Document document) {
    try {
      return new Records(document, tokens(document));
    } catch (UnusableException e) {
      return List.<Reading>of(e.at(document.where())).iterator();
    }
  }

  private int[] tokens(Reading.Document document) throws UnusableException {
    if (!domains.contains(document.domain())) {
      throw new UnusableException(
          SetAsideDocument.UNKNOWN_DOMAIN,
          "domain \"%s\": the domains are %s"
              .formatted(document.domain(), String.join(", ", new TreeSet<>(domains))));
    }
    int[] body = document.text().isEmpty() ? new int[0] : encoder.encode(document.text());
    if (body.length == 0) {
      throw new UnusableException(SetAsideDocument.EMPTY_TEXT, "the text has no tokens");
    }
    int begin = encoder.beginToken().isPresent() ? 1 : 0;
    int[] tokens = new int[begin + body.length + 1];
    encoder.beginToken().ifPresent(id -> tokens[0] = id);
    System.arraycopy(body, 0, tokens, begin, body.length);
    tokens[tokens.length - 1] = encoder.endOfText();
    for (int at = 0; at < tokens.length; at++) {
      if (tokens[at] < 0 || tokens[at] >= encoder.vocabulary()) {
        throw new UnusableException(
            SetAsideDocument.TOKEN_OUT_OF_VOCABULARY,
            "the tokenizer gives id %d at token %d, the model has ids 0 to %d"
                .formatted(tokens[at], at, encoder.vocabulary() - 1));
      }
    }
    return tokens;
  }

  private final class Records implements Iterator<Reading> {
    private final Reading.Document document;
    private final int[] tokens;
    private int next;
    private int part;

    Records(Reading.Document document, int[] tokens) {
      this.document = document;
      this.tokens = tokens;
    }

    @Override
    public boolean hasNext() {
      return next < tokens.length;
    }

    @Override
    public Reading next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      List<List<Integer>> sequences = new ArrayList<>();
      while (hasNext() && sequences.size() < sequencesPerRecord) {
        int end = Math.min(tokens.length, next + contextDim);
        sequences.add(Arrays.stream(tokens, next, end).boxed().toList());
        next = end;
      }
      TokenBatch batch =
          new TokenBatch(
              Ids.ofRecord(document.source(), document.id(), part),
              document.source(),
              document.id(),
              part,
              document.domain(),
              heldOut,
              encoder.fingerprint(),
              sequences);
      part++;
      return new Reading.Ready(batch, !hasNext(), document.where());
    }
  }
}
