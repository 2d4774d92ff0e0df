package io.dume.lab;

import io.dume.evaluator.RoutingChoice;
import io.dume.models.DenseModel;
import io.dume.models.Generation;
import io.dume.models.MixtureModel;
import io.dume.models.Sampling;
import io.dume.models.TextGeneration;
import io.dume.models.Tokenizer;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * Answers questions by writing: greedily, token by token, as the mixture's user would have it. An
 * answer is right if it is exactly the one expected, see {@link CompletionTask#isAnsweredBy}.
 */
final class Writing {

  private static final TextGeneration.Listener NOBODY =
      new TextGeneration.Listener() {
        @Override
        public void token(int ordinal, int id, float[][] shares) {}

        @Override
        public void text(String text, int ordinal) {}
      };

  private final Workplace workplace;
  private final Map<String, List<CompletionTask>> tasks;

  Writing(Workplace workplace) {
    this.workplace = workplace;
    this.tasks = workplace.request().tasks().completions();
  }

  /**
   * @param methods how each routes, by seed
   */
  Answers judge(Map<Method, List<RoutingChoice>> methods) throws IOException {
    Map<String, Integer> questions = new LinkedHashMap<>();
    tasks.forEach((domain, list) -> questions.put(domain, list.size()));
    MixtureModel model = workplace.model();
    try (Tokenizer tokenizer = Tokenizer.load(workplace.request().model())) {
      return AnswerJudge.judge(
          workplace.request(),
          questions,
          methods,
          new AnswerJudge.Scorer() {
            @Override
            public double dense(String what, String domain, DenseModel expert) {
              return accuracy(what, domain, tokenizer, at -> expert.generation());
            }

            @Override
            public double mixture(String what, String domain, RoutingChoice choice) {
              return accuracy(
                  what,
                  domain,
                  tokenizer,
                  at -> model.generation(choice.forWindows(model.manifest(), domain, at)));
            }
          });
    }
  }

  private double accuracy(
      String what, String domain, Tokenizer tokenizer, LongFunction<Generation> texts) {
    List<CompletionTask> list = tasks.get(domain);
    int right = 0;
    for (int at = 0; at < list.size(); at++) {
      CompletionTask task = list.get(at);
      TextGeneration writer =
          new TextGeneration(
              workplace.model().config(),
              tokenizer,
              Sampling.GREEDY,
              new TextGeneration.Limits(task.tokens(), List.of()));
      try (Generation text = texts.apply(at)) {
        right +=
            task.isAnsweredBy(writer.write(task.query(), text, NOBODY, () -> true).text()) ? 1 : 0;
      }
      workplace.progress().passing("writing, %s: %d of %d".formatted(what, at + 1, list.size()));
    }
    return right / (double) list.size();
  }
}
