package io.dume.cli;

import io.dume.demo.DemoAssets;
import io.dume.evaluator.EvaluationSet;
import io.dume.feed.DocumentFile;
import io.dume.feed.SetAsideDocument;
import io.dume.lab.TrainingText;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The labelled files of a lab in their three parts, read as often as they are needed. Not
 * thread-safe.
 *
 * @param train what statistics and training learn from
 * @param validation what policies are chosen by
 * @param test what methods are judged by
 * @param setAside receives what could not be read
 */
record LabText(
    List<Path> train, List<Path> validation, List<Path> test, List<SetAsideDocument> setAside) {

  /** The demo's text, where it was unpacked. */
  static LabText ofDemo(Path directory) {
    return new LabText(
        files(directory, DemoAssets.Split.TRAIN),
        files(directory, DemoAssets.Split.VALIDATION),
        files(directory, DemoAssets.Split.TEST),
        new ArrayList<>());
  }

  private static List<Path> files(Path directory, DemoAssets.Split split) {
    return DemoAssets.DOMAINS.stream()
        .map(domain -> DemoAssets.corpus(directory, domain, split))
        .toList();
  }

  TrainingText training(Tokenizer tokenizer, long tokensPerDomain) throws IOException {
    TrainingText.Builder text = TrainingText.builder(tokenizer, tokensPerDomain);
    read(train, text::add);
    return text.build();
  }

  EvaluationSet heldOut(List<Path> files, Tokenizer tokenizer, int window, long tokensPerDomain)
      throws IOException {
    EvaluationSet.Builder text = EvaluationSet.builder(tokenizer, window, tokensPerDomain);
    read(files, text::add);
    EvaluationSet set = text.build();
    if (set.domains().isEmpty()) {
      throw new IllegalArgumentException(
          "%s: no document has anything to predict".formatted(files));
    }
    return set;
  }

  /** Takes a document. */
  interface Taker {
    void take(String domain, String text);
  }

  void forEachTest(Taker taker) throws IOException {
    read(test, taker);
  }

  private void read(List<Path> files, Taker taker) throws IOException {
    for (Path file : files) {
      DocumentFile.read(
          file,
          new DocumentFile.Sink() {
            @Override
            public void document(String domain, String text) {
              taker.take(domain, text);
            }

            @Override
            public void setAside(SetAsideDocument document) {
              if (!setAside.contains(document)) {
                setAside.add(document);
              }
            }
          });
    }
  }
}
