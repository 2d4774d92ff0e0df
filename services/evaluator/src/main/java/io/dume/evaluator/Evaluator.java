package io.dume.evaluator;

import io.dume.models.ChoiceListener;
import io.dume.models.DenseModel;
import io.dume.models.MixtureModel;
import io.dume.models.WindowLoss;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads an evaluation set with a model. Not thread-safe, as the models are not. */
public final class Evaluator {
  /** Windows between two reports; large enough that sorting by length fills batches. */
  private static final int CHUNK = 128;

  /** Hears of progress. */
  @FunctionalInterface
  public interface Progress {
    /** Says nothing. */
    Progress NONE = (domain, read, all) -> {};

    /**
     * Some more windows were read.
     *
     * @param domain whose
     * @param read windows of the domain so far
     * @param all windows of the domain
     */
    void windows(String domain, int read, int all);
  }

  @FunctionalInterface
  private interface Reader {
    List<WindowLoss> read(String domain, List<int[]> windows, long firstWindow);
  }

  private final EvaluationSet set;
  private final Progress progress;

  /**
   * An evaluator of some text.
   *
   * @param set the text
   * @param progress hears of each chunk
   */
  public Evaluator(EvaluationSet set, Progress progress) {
    this.set = set;
    this.progress = progress;
  }

  /**
   * The mixture under some routing.
   *
   * @param model the mixture
   * @param choice the routing
   * @return perplexity by domain, in the set's order
   */
  public Map<String, Perplexity> mixture(MixtureModel model, RoutingChoice choice) {
    return mixture(model, choice, ChoiceListener.NONE);
  }

  /**
   * The mixture under some routing, telling what it chooses.
   *
   * @param model the mixture
   * @param choice the routing
   * @param listener hears of the choices of gates, with a window's ordinal in the whole set
   * @return perplexity by domain, in the set's order
   */
  public Map<String, Perplexity> mixture(
      MixtureModel model, RoutingChoice choice, ChoiceListener listener) {
    return read(
        set.domains(),
        (domain, windows, first) ->
            model.negativeLogLikelihood(
                windows,
                choice.forWindows(model.manifest(), domain, first),
                listener == ChoiceListener.NONE
                    ? listener
                    : (window, layer, experts) ->
                        listener.chosen(Math.toIntExact(first + window), layer, experts)));
  }

  /**
   * A dense expert on all text.
   *
   * @param model the expert
   * @return perplexity by domain, in the set's order
   */
  public Map<String, Perplexity> dense(DenseModel model) {
    return dense(model, set.domains());
  }

  /**
   * A dense expert on some domains' text.
   *
   * @param model the expert
   * @param domains domains of the set
   * @return perplexity by domain, in the given order
   */
  public Map<String, Perplexity> dense(DenseModel model, List<String> domains) {
    return read(domains, (domain, windows, first) -> model.negativeLogLikelihood(windows));
  }

  private Map<String, Perplexity> read(List<String> domains, Reader reader) {
    Map<String, Perplexity> result = new LinkedHashMap<>();
    long first = 0;
    for (String domain : domains) {
      List<int[]> windows = set.windows(domain);
      Perplexity sum = Perplexity.NONE;
      for (int from = 0; from < windows.size(); from += CHUNK) {
        int to = Math.min(from + CHUNK, windows.size());
        for (WindowLoss loss : reader.read(domain, windows.subList(from, to), first + from)) {
          sum = sum.plus(new Perplexity(loss.negativeLogLikelihood(), loss.tokens()));
        }
        progress.windows(domain, to, windows.size());
      }
      first += windows.size();
      result.put(domain, sum);
    }
    return result;
  }
}
