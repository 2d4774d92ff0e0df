package io.dume.cli;

import io.dume.extractor.FitProposal;
import io.dume.models.FeatureSource;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a router's fit is made again. */
final class ReplayOptions {

  @Mixin private GramOption gram = new GramOption();
  @Mixin private FlushOptions flush = new FlushOptions();

  @Option(
      names = "--context-dim",
      paramLabel = "N",
      description =
          "How many positions of a sequence count. Default: as in the fit that serves, or else 512, or"
              + " what the model allows if that is less.")
  private Optional<Integer> contextDim = Optional.empty();

  @Option(
      names = "--features",
      paramLabel = "mlp-input|embedding",
      description =
          "What a router is solved from: the inputs of the MLPs, or token embeddings. Default: as in the"
              + " fit that serves, which must be of the same; where there is none, mlp-input. A router of"
              + " the other kind needs a name of its own (--router-name).")
  private Optional<FeatureSource> features = Optional.empty();

  @Option(
      names = "--from",
      paramLabel = "START",
      description =
          "Where to begin: earliest, a time such as 2026-03-01T00:00:00Z, or offsets by partition such"
              + " as 0:1200,1:900; partitions that are not named begin with their first record."
              + " Default: the very first record, which must still be there.")
  private Optional<FitProposal.Start> from = Optional.empty();

  @Option(
      names = "--domains",
      paramLabel = "NAME[,NAME…]",
      split = ",",
      description =
          "Counts these domains alone; records of others are passed over. Default: those of the fit"
              + " that serves, and those of new experts.")
  private List<String> domains = List.of();

  @Option(
      names = "--label",
      paramLabel = "TEXT",
      description =
          "Names the new fit. A replay that was cut short goes on under its label. Default: replay-1,"
              + " replay-2, …: the first that is under way or free.")
  private Optional<String> label = Optional.empty();

  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Feature extractors in this process. `dume feature-extractor --label` with the same settings"
              + " joins from others. Default: ${DEFAULT-VALUE}.")
  private int workers;

  @Option(
      names = "--mixed",
      description = "Goes on with a replay of another numeric profile; versions say so.")
  private boolean mixed;

  @Option(
      names = "--stay",
      description = "Goes on as a worker after the router has moved over, until it is stopped.")
  private boolean stay;

  GramOption gram() {
    return gram;
  }

  FlushOptions flush() {
    return flush;
  }

  Optional<Integer> contextDim() {
    return contextDim;
  }

  Optional<FeatureSource> features() {
    return features;
  }

  Optional<FitProposal.Start> from() {
    return from;
  }

  List<String> domains() {
    return domains;
  }

  Optional<String> label() {
    return label;
  }

  int workers() {
    return workers;
  }

  boolean mixed() {
    return mixed;
  }

  boolean stay() {
    return stay;
  }
}
