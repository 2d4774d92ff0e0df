package io.dume.models;

import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Writes on where a prompt ends: the loop of a {@link Generation}, a {@link Sampler} and a {@link
 * Tokenizer}. Immutable; safe for use by several threads as long as tokenizer and models are open.
 *
 * <p>The prompt gets the token in front that the tokenizer's own template puts there, as text that
 * is fed to a fit does. A text ends with any of the model's {@code eos_token_id}, which is not part
 * of it.
 */
public final class TextGeneration {

  /** Why a text ended. */
  public enum End {
    /** The model said so, by its end-of-text token. */
    END_OF_TEXT,
    /** One of the strings came that were to end it. */
    STOP,
    /** It has as many tokens as were asked for. */
    ENOUGH_TOKENS,
    /** The model's positions are used up. */
    POSITIONS_USED_UP,
    /** Whoever listens wanted no more. */
    INTERRUPTED
  }

  /**
   * Where a text ends at the latest.
   *
   * @param maxTokens how many tokens are written at most; at least 1
   * @param stops the text ends before the first of these, none of which is empty
   */
  public record Limits(int maxTokens, List<String> stops) {
    /** Checks both. */
    public Limits {
      stops = List.copyOf(stops);
      if (maxTokens < 1) {
        throw new IllegalArgumentException("max tokens = " + maxTokens + ": must be at least 1");
      }
      if (stops.contains("")) {
        throw new IllegalArgumentException("a stop is an empty text, which is everywhere");
      }
    }
  }

  /** Hears of a text while it is written. */
  public interface Listener {
    /**
     * A token was chosen; the one that ends the text is not told.
     *
     * @param ordinal 0 for the first one written
     * @param shares as in {@link Generation.Prediction#shares}: who wrote it
     */
    void token(int ordinal, int id, float[][] shares);

    /**
     * Text is there. A token's text comes with it or later, in one or several pieces, or not at all
     * if it belongs to a string that ends the text; characters of several tokens come with the last
     * of them.
     *
     * @param text never empty
     * @param ordinal the token that it came with
     */
    void text(String text, int ordinal);
  }

  /**
   * What was written.
   *
   * @param text all of it
   * @param end why it ended
   * @param promptTokens how many tokens were read before
   * @param tokens how many were written, with one that ended the text
   */
  public record Written(String text, End end, int promptTokens, int tokens) {}

  private final Tokenizer tokenizer;
  private final Sampling sampling;
  private final Limits limits;
  private final Set<Integer> ends;

  /**
   * @param config of the model
   * @param tokenizer of the model
   */
  public TextGeneration(ModelConfig config, Tokenizer tokenizer, Sampling sampling, Limits limits) {
    this.tokenizer = tokenizer;
    this.sampling = sampling;
    this.limits = limits;
    this.ends = new HashSet<>(config.eosTokenIds());
    tokenizer.endOfText().ifPresent(ends::add);
  }

  /**
   * Writes on.
   *
   * @param prompt what the model reads first
   * @param generation a sequence without tokens, of the model
   * @param goOn asked before each token whether another one is wanted
   * @throws PromptException if the prompt has no tokens, or more than the model has positions
   */
  public Written write(
      String prompt, Generation generation, Listener listener, BooleanSupplier goOn) {
    int[] read = tokens(prompt);
    if (read.length == 0) {
      throw new PromptException(
          "the prompt has no tokens, and this model's tokenizer begins no text by itself: give it at"
              + " least one character");
    }
    if (read.length > generation.room()) {
      throw new PromptException(
          "the prompt has %d tokens, the model takes %d (max_position_embeddings): shorten it"
              .formatted(read.length, generation.room()));
    }
    Sampler sampler = new Sampler(sampling);
    sampler.saw(read);
    Text text = new Text(read, listener);
    Generation.Prediction expected = generation.read(read);
    int written = 0;
    while (goOn.getAsBoolean()) {
      int id = sampler.next(expected.logits());
      int ordinal = written++;
      if (ends.contains(id)) {
        return text.finish(End.END_OF_TEXT, read.length, written);
      }
      listener.token(ordinal, id, expected.shares());
      if (text.add(id, ordinal)) {
        return text.finish(End.STOP, read.length, written);
      }
      if (written == limits.maxTokens()) {
        return text.finish(End.ENOUGH_TOKENS, read.length, written);
      }
      if (generation.room() == 0) {
        return text.finish(End.POSITIONS_USED_UP, read.length, written);
      }
      expected = generation.read(id);
    }
    return text.finish(End.INTERRUPTED, read.length, written);
  }

  private int[] tokens(String prompt) {
    int[] body = prompt.isEmpty() ? new int[0] : tokenizer.encode(prompt);
    OptionalInt begin = tokenizer.beginToken();
    int[] ids = new int[body.length + (begin.isPresent() ? 1 : 0)];
    begin.ifPresent(id -> ids[0] = id);
    System.arraycopy(body, 0, ids, ids.length - body.length, body.length);
    return ids;
  }

  /** The text so far, on its way from tokens to the listener. */
  private final class Text {
    private final Listener listener;
    private final IncrementalDecoder decoder;
    private final StopText stop = new StopText(limits.stops());
    private final StringBuilder text = new StringBuilder();
    private int ordinal;

    Text(int[] prompt, Listener listener) {
      this.listener = listener;
      decoder = new IncrementalDecoder(tokenizer, prompt);
    }

    /** Returns whether the text has come to one of its ends. */
    boolean add(int id, int token) {
      ordinal = token;
      tell(decoder.add(id));
      return stop.reached();
    }

    Written finish(End end, int promptTokens, int tokens) {
      if (!stop.reached()) {
        tell(decoder.finish());
      }
      tell(stop.finish());
      return new Written(text.toString(), stop.reached() ? End.STOP : end, promptTokens, tokens);
    }

    private void tell(String piece) {
      if (!piece.isEmpty()) {
        tell(stop.add(new StopText.Piece(piece, ordinal)));
      }
    }

    private void tell(List<StopText.Piece> pieces) {
      for (StopText.Piece piece : pieces) {
        text.append(piece.text());
        listener.text(piece.text(), piece.token());
      }
    }
  }
}
