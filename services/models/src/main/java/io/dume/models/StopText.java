package io.dume.models;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Ends a text before the first of some strings, wherever tokens divide it: text that may be the
 * beginning of one is kept back until it can be told. Not thread-safe.
 */
final class StopText {

  /** A piece of text, and the ordinal of the token that it came with. */
  record Piece(String text, int token) {}

  private final List<String> stops;
  private final Deque<Piece> held = new ArrayDeque<>();
  private boolean reached;

  /**
   * @param stops none of them empty
   */
  StopText(List<String> stops) {
    this.stops = List.copyOf(stops);
  }

  /** Takes a piece; returns what is sure to belong to the text. */
  List<Piece> add(Piece piece) {
    held.add(piece);
    StringBuilder joined = new StringBuilder();
    held.forEach(part -> joined.append(part.text()));
    String text = joined.toString();
    int stop = stops.stream().mapToInt(text::indexOf).filter(at -> at >= 0).min().orElse(-1);
    reached = stop >= 0;
    return release(reached ? stop : text.length() - undecided(text));
  }

  /** Returns how many characters at the end may be the beginning of a stop. */
  private int undecided(String text) {
    int longest = stops.stream().mapToInt(String::length).max().orElse(1) - 1;
    for (int length = Math.min(longest, text.length()); length > 0; length--) {
      String end = text.substring(text.length() - length);
      if (stops.stream().anyMatch(stop -> stop.startsWith(end))) {
        return length;
      }
    }
    return 0;
  }

  private List<Piece> release(int characters) {
    List<Piece> released = new ArrayList<>();
    int left = characters;
    while (left > 0) {
      Piece first = held.remove();
      int taken = Math.min(left, first.text().length());
      released.add(new Piece(first.text().substring(0, taken), first.token()));
      if (taken < first.text().length()) {
        held.addFirst(new Piece(first.text().substring(taken), first.token()));
      }
      left -= taken;
    }
    return released;
  }

  /** Returns what was kept back, once it is known that nothing follows. */
  List<Piece> finish() {
    List<Piece> rest = reached ? List.of() : List.copyOf(held);
    held.clear();
    return rest;
  }

  /** Whether one of the strings has come. */
  boolean reached() {
    return reached;
  }
}
