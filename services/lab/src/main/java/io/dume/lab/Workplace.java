package io.dume.lab;

import io.dume.evaluator.Comparison;
import io.dume.evaluator.EvaluationSet;
import io.dume.evaluator.Evaluator;
import io.dume.evaluator.Perplexity;
import io.dume.evaluator.RoutingChoice;
import io.dume.models.ChoiceListener;
import io.dume.models.DenseModel;
import io.dume.models.GramType;
import io.dume.models.MergedManifest;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What the lab's experiments share: the mixture, the text and how both are used. */
final class Workplace {

  /** Sequences of a record, which are one forward pass and one rounding. */
  private static final int SEQUENCES = 16;

  private final LabRequest request;
  private final MixtureModel model;
  private final LabProgress progress;

  Workplace(LabRequest request, MixtureModel model, LabProgress progress) {
    this.request = request;
    this.model = model;
    this.progress = progress;
  }

  LabRequest request() {
    return request;
  }

  MixtureModel model() {
    return model;
  }

  LabProgress progress() {
    return progress;
  }

  List<String> experts() {
    return List.copyOf(request.experts().keySet());
  }

  /** The sums of the first tokens of every domain. */
  Statistics statistics(int contextDim, long tokensPerDomain) {
    Statistics statistics = new Statistics(model, contextDim, GramType.FLOAT64);
    for (String domain : experts()) {
      records(domain, contextDim, 0, tokensPerDomain, record -> statistics.add(domain, record));
    }
    return statistics;
  }

  /** Takes a record. */
  interface RecordSink {
    void record(List<int[]> sequences);
  }

  /** Cuts some of a domain's tokens into records, from one place of its text to another. */
  void records(String domain, int contextDim, long start, long end, RecordSink sink) {
    List<int[]> sequences = request.train().sequences(domain, contextDim, start, end);
    for (int from = 0; from < sequences.size(); from += SEQUENCES) {
      int to = Math.min(sequences.size(), from + SEQUENCES);
      sink.record(sequences.subList(from, to));
      progress.passing("statistics of %s: %d of %d".formatted(domain, to, sequences.size()));
    }
  }

  /** Gates from these sums as the paper makes them. */
  RouterWeights solve(Statistics statistics) {
    return solve(statistics, request.lambda(), Scores.NORMALISED);
  }

  RouterWeights solve(Statistics statistics, double lambda, Scores scores) {
    List<String> experts = experts();
    return Gates.solve(
        statistics.layers(), layer -> statistics.layer(layer, experts), experts, lambda, scores);
  }

  /** The gates with all that a file of them has to say, whoever reads it. */
  RouterWeights whole(RouterWeights gates) {
    MergedManifest manifest = model.manifest();
    Map<String, String> strings = new LinkedHashMap<>();
    // As other tools for models expect it of such a file.
    strings.put("format", "pt");
    strings.put(RouterWeights.EXPERTS, String.join(",", manifest.expertNames()));
    strings.put(
        RouterWeights.MLPS,
        manifest.experts().stream()
            .map(MergedManifest.Expert::fingerprint)
            .collect(Collectors.joining(",")));
    strings.put(RouterWeights.BACKBONE, manifest.backboneFingerprint());
    strings.put("context_dim", Integer.toString(request.contextDim()));
    return Gates.like(gates, strings);
  }

  /** Perplexity by domain of the mixture. */
  Map<String, Double> judge(EvaluationSet set, String what, RoutingChoice choice) {
    return judge(set, what, choice, ChoiceListener.NONE);
  }

  Map<String, Double> judge(
      EvaluationSet set, String what, RoutingChoice choice, ChoiceListener listener) {
    return Comparison.values(evaluator(set, what).mixture(model, choice, listener));
  }

  Evaluator evaluator(EvaluationSet set, String what) {
    return new Evaluator(
        set,
        (domain, read, all) ->
            progress.passing("%s on %s: %d of %d windows".formatted(what, domain, read, all)));
  }

  /** Perplexity by domain of dense experts, by expert. */
  Map<String, Map<String, Double>> dense(EvaluationSet set, boolean everyDomain)
      throws IOException {
    Map<String, Map<String, Double>> table = new LinkedHashMap<>();
    for (Map.Entry<String, Path> expert : request.experts().entrySet()) {
      String name = expert.getKey();
      List<String> domains =
          everyDomain ? set.domains() : set.domains().stream().filter(name::equals).toList();
      try (DenseModel dense = DenseModel.load(expert.getValue(), request.device())) {
        Map<String, Perplexity> judged = evaluator(set, "dense " + name).dense(dense, domains);
        table.put(name, Comparison.values(judged));
      }
    }
    return table;
  }

  /** Of a {@link #dense} table each domain's own expert. */
  static Map<String, Double> own(EvaluationSet set, Map<String, Map<String, Double>> table) {
    Map<String, Double> own = new LinkedHashMap<>();
    set.domains().forEach(domain -> own.put(domain, table.get(domain).get(domain)));
    return own;
  }
}
