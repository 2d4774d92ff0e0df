package io.dume.cli;

import io.dume.models.TextGeneration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Shows a text while it is written; explained, in the colours of the experts that wrote it, or with
 * their names in brackets where there are no colours. Not thread-safe.
 */
final class WrittenText implements TextGeneration.Listener {

  /** The terminal's colours but black and white, and then their bright forms. */
  private static final int[] COLOURS = {36, 33, 32, 35, 34, 31, 96, 93, 92, 95, 94, 91};

  /** A piece of the text, and who wrote it. */
  record Piece(String text, String expert) {}

  /** How a text is shown. */
  enum Form {
    /** Nothing is shown. */
    SILENT,
    /** As it is. */
    PLAIN,
    /** Names in brackets. */
    BRACKETS,
    /** The experts' colours. */
    COLOURS
  }

  private final Console console;
  private final Form form;
  private final Authorship authorship;
  private final List<Piece> pieces = new ArrayList<>();
  private Optional<Integer> open = Optional.empty();

  /**
   * @param experts that the shares are of; none where none are told
   */
  WrittenText(Console console, Form form, List<String> experts) {
    this.console = console;
    this.form = form;
    authorship = new Authorship(experts);
  }

  @Override
  public void token(int ordinal, int id, float[][] shares) {
    if (explains()) {
      authorship.token(shares);
    }
  }

  @Override
  public void text(String text, int ordinal) {
    if (explains()) {
      int author = authorship.author(ordinal);
      String name = authorship.experts().get(author);
      if (form == Form.BRACKETS && open.filter(e -> e == author).isEmpty()) {
        console.piece((open.isPresent() ? "]" : "") + "[" + name + ": ");
      }
      open = Optional.of(author);
      pieces.add(new Piece(text, name));
    }
    if (form == Form.COLOURS) {
      console.piece(text, colour(open.orElse(0)));
    } else if (form != Form.SILENT) {
      console.piece(text);
    }
  }

  /** Ends the line that the text ends in, and explains what was shown. */
  void finish() {
    if (form == Form.SILENT) {
      return;
    }
    console.result(form == Form.BRACKETS && open.isPresent() ? "]" : "");
    if (!explains()) {
      return;
    }
    List<String> lines = authorship.table().lines();
    console.result("");
    console.result(lines.get(0));
    for (int e = 0; e < authorship.experts().size(); e++) {
      if (form == Form.COLOURS) {
        console.piece(lines.get(e + 1), colour(e));
        console.result("");
      } else {
        console.result(lines.get(e + 1));
      }
    }
  }

  private boolean explains() {
    return !authorship.experts().isEmpty();
  }

  Authorship authorship() {
    return authorship;
  }

  /** Returns the text by who wrote it; what one expert wrote without a break is one piece. */
  List<Piece> runs() {
    List<Piece> runs = new ArrayList<>();
    for (Piece piece : pieces) {
      int last = runs.size() - 1;
      if (last >= 0 && runs.get(last).expert().equals(piece.expert())) {
        runs.set(last, new Piece(runs.get(last).text() + piece.text(), piece.expert()));
      } else {
        runs.add(piece);
      }
    }
    return runs;
  }

  private static int colour(int expert) {
    return COLOURS[expert % COLOURS.length];
  }
}
