package io.dume.inspector;

import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.RouterVersion;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a version tells of its experts' tokens, layer by layer. Immutable; the arrays are the
 * caller's to read.
 *
 * @param experts the names, in the order of rows and columns
 * @param tokens of each expert
 * @param layers in order
 */
public record Inspection(List<String> experts, double[] tokens, List<Layer> layers) {
  private static final Logger LOG = LoggerFactory.getLogger(Inspection.class);

  /** In a layer where an expert is nearer to another than this, going there means nothing. */
  private static final double TOLD_APART = 1;

  /**
   * The mean of m independent tokens lies about √((experts − 1) / m) from where it should; those of
   * one text are not independent, and count for a tenth or so: a third of a deviation is left.
   */
  private static final long TOKENS_A_DIRECTION = 100;

  /** Enough that a share of one percent is right to a tenth of itself. */
  private static final int DRAWS = 10_000;

  /**
   * One layer.
   *
   * @param distances experts × experts: how far the mean scores of two experts' tokens are from
   *     each other, in standard deviations within an expert's tokens
   * @param confusion experts × experts: of the tokens of a row's expert the share that the gate is
   *     expected to give to a column's, one token at a time, with k = 1
   */
  public record Layer(double[][] distances, double[][] confusion) {
    /** {@return the share of an expert's tokens that go to another} */
    public double missed(int expert) {
      return 1 - confusion[expert][expert];
    }
  }

  /**
   * Two experts and the layer that tells them apart best.
   *
   * @param one an expert
   * @param other another one, later in the order
   * @param distance of their tokens' mean scores there, in standard deviations
   * @param layer that layer
   */
  public record Pair(String one, String other, double distance, int layer) {
    /** Two experts this near overlap in most of their tokens, in every layer. */
    private static final double NEAR = 1;

    /** {@return whether no layer tells them apart, so that one expert could do for both} */
    public boolean couldShare() {
      return distance < NEAR;
    }
  }

  /** {@return all pairs of experts, the nearest first} */
  public List<Pair> pairs() {
    List<Pair> pairs = new ArrayList<>();
    for (int j = 0; j < experts.size(); j++) {
      for (int i = 0; i < j; i++) {
        int best = 0;
        for (int l = 1; l < layers.size(); l++) {
          if (layers.get(l).distances()[i][j] > layers.get(best).distances()[i][j]) {
            best = l;
          }
        }
        double distance = layers.get(best).distances()[i][j];
        pairs.add(new Pair(experts.get(i), experts.get(j), distance, best));
      }
    }
    pairs.sort(Comparator.comparingDouble(Pair::distance));
    return pairs;
  }

  /**
   * How far the tokens that are new in a version lie from those that an earlier one was solved
   * from.
   *
   * @param expert whose tokens
   * @param earlier the version that is compared with
   * @param tokens how many are new
   * @param distance of the mean scores of the fresh tokens from those before, by the earlier gates,
   *     in standard deviations: the largest of all layers
   * @param share this distance over that to the nearest other expert in the same layer, the largest
   *     of all layers: at 1/2 the fresh tokens are half-way to another expert's
   * @param layer where that share is reached
   * @param enough whether the fresh tokens are enough for that to be no chance
   */
  public record Drift(
      String expert,
      long earlier,
      long tokens,
      double distance,
      double share,
      int layer,
      boolean enough) {

    /** Half-way to another expert, fresh tokens are no longer what the gate was solved for. */
    private static final double ALARM = 0.5;

    /** {@return whether people should look at what is fed to the expert} */
    public boolean alarming() {
      return enough && share >= ALARM;
    }
  }

  /**
   * Looks at a version.
   *
   * @param version as it was published
   * @return what it tells; empty if it does not carry the spread of its scores, as versions of more
   *     than 64 experts do not, and those whose gates were trained
   */
  public static Optional<Inspection> of(RouterVersion version) {
    if (version.getLayers().isEmpty()) {
      return Optional.empty();
    }
    double[] tokens = tokens(version);
    List<Layer> layers = new ArrayList<>();
    for (LayerSolution layer : version.getLayers()) {
      Optional<ScoreSpread> spread = spread(tokens, layer);
      if (spread.isEmpty()) {
        return Optional.empty();
      }
      double[] norms = array(layer.getNorms());
      layers.add(new Layer(spread.get().distances(), spread.get().confusion(norms, DRAWS)));
    }
    return Optional.of(new Inspection(names(version), tokens, List.copyOf(layers)));
  }

  private static Optional<ScoreSpread> spread(double[] tokens, LayerSolution layer) {
    if (layer.getScoreSums().isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          ScoreSpread.of(tokens, array(layer.getScoreSums()), array(layer.getScoreProducts())));
    } catch (IllegalArgumentException e) {
      // Whoever may write versions can write one that can't be; it must not end who follows them.
      LOG.warn("layer {}: {}", layer.getLayer(), e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * Compares the tokens that are new in a version with those before.
   *
   * @param earlier the version that {@code now} names as the one that it compares with
   * @param now a later version of the same fit and experts
   * @return one for each expert that has new tokens and is told apart in some layer; none if the
   *     versions do not belong together
   */
  public static List<Drift> drift(RouterVersion earlier, RouterVersion now) {
    if (now.getEarlierVersion() != earlier.getVersion()
        || !now.getFit().getId().equals(earlier.getFit().getId())
        || !now.getExperts().equals(earlier.getExperts())
        || now.getLayers().size() != earlier.getLayers().size()
        // Domains that came, went or changed hands in between took their sums with them.
        || now.getExpertsVersion() != earlier.getExpertsVersion()) {
      return List.of();
    }
    double[] before = tokens(earlier);
    double[] after = tokens(now);
    List<Drift> drifts = new ArrayList<>();
    for (int e = 0; e < before.length; e++) {
      double fresh = after[e] - before[e];
      if (fresh >= 1) {
        drift(earlier, now, e, fresh).ifPresent(drifts::add);
      }
    }
    return drifts;
  }

  private static Optional<Drift> drift(
      RouterVersion earlier, RouterVersion now, int expert, double fresh) {
    double[] before = tokens(earlier);
    int n = before.length;
    Optional<Drift> largest = Optional.empty();
    double farthest = 0;
    for (int l = 0; l < now.getLayers().size(); l++) {
      LayerSolution then = earlier.getLayers().get(l);
      double[] sums = array(then.getScoreSums());
      double[] sumsNow = array(now.getLayers().get(l).getEarlierScoreSums());
      Optional<ScoreSpread> spread = spread(before, then);
      if (spread.isEmpty() || sumsNow.length != n * n) {
        return Optional.empty();
      }
      double[] mean = new double[n];
      for (int i = 0; i < n; i++) {
        mean[i] = (sumsNow[i * n + expert] - sums[i * n + expert]) / fresh;
      }
      double nearest = nearest(spread.get().distances(), expert);
      if (nearest < TOLD_APART) {
        continue;
      }
      double distance = spread.get().distance(mean, spread.get().mean(expert));
      double share = distance / nearest;
      farthest = Math.max(farthest, distance);
      if (largest.isEmpty() || share > largest.get().share()) {
        String name = names(now).get(expert);
        largest =
            Optional.of(
                new Drift(
                    name,
                    earlier.getVersion(),
                    Math.round(fresh),
                    distance,
                    share,
                    l,
                    fresh >= TOKENS_A_DIRECTION * (n - 1)));
      }
    }
    double distance = farthest;
    return largest.map(
        d ->
            new Drift(
                d.expert(), d.earlier(), d.tokens(), distance, d.share(), d.layer(), d.enough()));
  }

  private static double nearest(double[][] distances, int expert) {
    double nearest = Double.POSITIVE_INFINITY;
    for (int other = 0; other < distances.length; other++) {
      if (other != expert) {
        nearest = Math.min(nearest, distances[expert][other]);
      }
    }
    return nearest;
  }

  private static List<String> names(RouterVersion version) {
    return version.getExperts().stream().map(Expert::getName).toList();
  }

  static double[] tokens(RouterVersion version) {
    List<String> names = names(version);
    double[] tokens = new double[names.size()];
    for (DomainTokens domain : version.getDomains()) {
      tokens[names.indexOf(domain.getExpert())] += domain.getTokens();
    }
    return tokens;
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
