package io.dume.cli;

import io.dume.evaluator.EvaluationSet;
import io.dume.feed.DocumentFile;
import io.dume.feed.SetAsideDocument;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Option;

/** Which held-out text a model reads, and what of it could not be read. */
final class EvaluationText {

  @Option(
      names = "--jsonl",
      paramLabel = "FILE",
      required = true,
      arity = "1..*",
      split = EnvironmentDefaults.SPLIT,
      splitSynopsisLabel = "",
      description = "Documents, as `dume feed --jsonl` takes them.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--tokens-per-domain",
      paramLabel = "N",
      description = "Reads the first documents of each domain, up to so many tokens. Default: all.")
  private Optional<Long> tokensPerDomain = Optional.empty();

  private final List<SetAsideDocument> setAside = new ArrayList<>();
  private final Set<String> leftOut = new HashSet<>();

  /** Text that another option names. */
  static EvaluationText of(List<Path> files, long tokensPerDomain) {
    EvaluationText text = new EvaluationText();
    text.files = List.copyOf(files);
    text.tokensPerDomain = Optional.of(tokensPerDomain);
    return text;
  }

  List<Path> files() {
    return files;
  }

  /**
   * Reads the documents.
   *
   * @param model whose tokenizer
   * @param window tokens of a window
   * @param known the only labels that make sense, where the label decides
   * @throws IllegalArgumentException if nothing can be predicted
   */
  EvaluationSet read(Path model, int window, Optional<Set<String>> known, Console console)
      throws IOException {
    EvaluationSet set = documents(model, window, known, console);
    console.note("windows of %d tokens".formatted(window));
    return set;
  }

  /**
   * Reads the documents once before anybody waits for a router to judge by them.
   *
   * @throws IllegalArgumentException if nothing can be predicted
   */
  void check(Path model, int window, Console console) throws IOException {
    documents(model, window, Optional.empty(), console);
  }

  private EvaluationSet documents(
      Path model, int window, Optional<Set<String>> known, Console console) throws IOException {
    // What was set aside is told once, however often the text is read.
    setAside.clear();
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      EvaluationSet.Builder set =
          EvaluationSet.builder(tokenizer, window, tokensPerDomain.orElse(Long.MAX_VALUE));
      Set<String> asked = new LinkedHashSet<>();
      for (Path file : files) {
        DocumentFile.read(file, new Documents(file, set, asked, known));
      }
      EvaluationSet documents = set.build();
      asked.removeAll(documents.domains());
      asked.stream()
          .filter(leftOut::add)
          .forEach(
              domain ->
                  console.note(
                      "domain %s is left out: it has nothing to predict".formatted(domain)));
      if (documents.domains().isEmpty()) {
        finish(console);
        throw new IllegalArgumentException(
            "%s: no document has anything to predict".formatted(files));
      }
      return documents;
    }
  }

  /** Lists what was set aside; returns what the command ends with. */
  int finish(Console console) {
    setAside.forEach(document -> console.note("set aside: " + document));
    return setAside.isEmpty() ? ExitCode.OK : ExitCode.SET_ASIDE;
  }

  /** Takes a file's documents into the set, or notes why not. */
  private final class Documents implements DocumentFile.Sink {
    private final Path file;
    private final EvaluationSet.Builder set;
    private final Set<String> domains;
    private final Optional<Set<String>> known;
    private long read;

    Documents(
        Path file, EvaluationSet.Builder set, Set<String> domains, Optional<Set<String>> known) {
      this.file = file;
      this.set = set;
      this.domains = domains;
      this.known = known;
    }

    @Override
    public void document(String domain, String text) {
      read++;
      if (known.isPresent() && !known.get().contains(domain)) {
        setAside.add(
            new SetAsideDocument(
                "%s: document %d, of %s".formatted(file, read, domain),
                "unknown-domain",
                "the oracle knows %s".formatted(new TreeSet<>(known.get()))));
        return;
      }
      domains.add(domain);
      if (set.add(domain, text) == EvaluationSet.Added.EMPTY) {
        setAside.add(
            new SetAsideDocument(
                "%s: document %d, of %s".formatted(file, read, domain),
                "empty-text",
                "the text has no tokens"));
      }
    }

    @Override
    public void setAside(SetAsideDocument document) {
      read++;
      setAside.add(document);
    }
  }
}
