package io.dume.feed;

import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file of token batches, one JSON object a line: {@code {"domain": "…", "sequences": [[ids],
 * …]}}. Each line becomes one record, whose document is the line's number, from 1.
 *
 * <p>Only what can't be said as a record is set aside here: broken JSON, another form, ids beyond
 * 32 bits. Whether a domain or an id exists is for the worker to judge, who knows the fit.
 */
public final class TokenBatchFile {
  /** The source of every record from such a file. */
  public static final String SOURCE = "batches";

  /** The longest line that is read; longer ones are set aside without being kept. */
  private static final int MAX_LINE_BYTES = 16 << 20;

  private TokenBatchFile() {}

  /** Takes what a file holds, in order. */
  public interface Sink {
    /**
     * A line that is a record.
     *
     * @param batch the record
     * @throws InterruptedException if interrupted while waiting for room
     */
    void batch(TokenBatch batch) throws InterruptedException;

    /**
     * A line that is none.
     *
     * @param line its number, from 1
     * @param reason why
     */
    void setAside(long line, String reason);
  }

  /**
   * Reads a file from beginning to end. Blank lines are passed over.
   *
   * @param file the file
   * @param tokenizer SHA-256 of the tokenizer.json that the ids are from, or empty
   * @param sink takes each line
   * @throws IOException if the file can't be read
   * @throws InterruptedException if the sink was interrupted
   */
  public static void read(Path file, String tokenizer, Sink sink)
      throws IOException, InterruptedException {
    try (LineReader lines = new LineReader(Files.newInputStream(file), MAX_LINE_BYTES)) {
      for (Optional<LineReader.Line> line = lines.next(); line.isPresent(); line = lines.next()) {
        if (!line.get().isBlank()) {
          take(line.get(), tokenizer, sink);
        }
      }
    }
  }

  private static void take(LineReader.Line line, String tokenizer, Sink sink)
      throws InterruptedException {
    TokenBatch batch;
    try {
      batch = parse(line, tokenizer);
    } catch (UnusableException e) {
      sink.setAside(line.number(), e.getMessage());
      return;
    }
    sink.batch(batch);
  }

  private static TokenBatch parse(LineReader.Line line, String tokenizer) throws UnusableException {
    if (line.tooLong()) {
      throw new UnusableException(
          SetAsideDocument.DOCUMENT_TOO_LARGE,
          "a line of more than %d bytes: send smaller records".formatted(MAX_LINE_BYTES));
    }
    JsonFields.BatchFields fields = JsonFields.batch(Utf8.decode(line.bytes()));
    String document = Long.toString(line.number());
    return new TokenBatch(
        Ids.ofRecord(SOURCE, document, 0),
        SOURCE,
        document,
        0,
        fields.domain(),
        fields.heldOut(),
        tokenizer,
        fields.sequences());
  }
}
