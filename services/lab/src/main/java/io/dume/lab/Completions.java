package io.dume.lab;

import io.dume.models.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes questions of held-out text: after {@value #WORDS} words that stand as they do in the text
 * the next one must be written. Words are what white space separates; the next one follows after a
 * single space. As many tokens are written as it has, so that a right answer ends where it does.
 */
final class Completions {

  private static final int WORDS = 24;
  private static final Pattern WORD = Pattern.compile("\\S+");

  private Completions() {}

  private record Word(int start, int end) {}

  /**
   * Adds a document's places, which do not overlap.
   *
   * @param context the most tokens of a query and its answer together
   */
  static void collect(String text, Tokenizer tokenizer, int context, List<CompletionTask> places) {
    List<Word> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(text);
    while (matcher.find()) {
      words.add(new Word(matcher.start(), matcher.end()));
    }
    int at = WORDS;
    while (at < words.size()) {
      Word next = words.get(at);
      int before = words.get(at - 1).end();
      if (next.start() != before + 1 || text.charAt(before) != ' ') {
        at++;
        continue;
      }
      String query = text.substring(words.get(at - WORDS).start(), before);
      int read = tokenizer.encode(query).length;
      int whole = tokenizer.encode(query + text.substring(before, next.end())).length;
      // One more for the token that some models' texts begin with.
      if (whole > read && whole < context) {
        places.add(
            new CompletionTask(query, text.substring(next.start(), next.end()), whole - read));
      }
      at += WORDS + 1;
    }
  }
}
