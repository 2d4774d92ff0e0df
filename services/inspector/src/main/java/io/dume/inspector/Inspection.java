package io.dume.inspector;

import io.dume.router.Router;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.RouterVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a version tells of its experts' tokens, layer by layer. Immutable; the arrays are the
 * caller's to read.
 *
 * @param experts the names, in the order of rows and columns
 * @param tokens of each expert
 * @param layers in order
 */
public record Inspection(List<String> experts, double[] tokens, List<Layer> layers) {

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
   * How far an expert's gates have turned between two versions.
   *
   * @param expert whose gates
   * @param degrees the largest angle between its weights of both versions, of all layers
   * @param tokens that were new
   * @param untilStill how many more tokens would bring the angle below one degree for as many new
   *     ones again, if it shrinks as 1 / √tokens does; 0 if it is there
   */
  public record Turn(String expert, double degrees, long tokens, long untilStill) {}

  /**
   * Looks at a version.
   *
   * @param version as it was published
   * @return what it tells; empty if it does not carry the spread of its scores, as versions of more
   *     than 64 experts do not
   */
  public static Optional<Inspection> of(RouterVersion version) {
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
    return layer.getScoreSums().isEmpty()
        ? Optional.empty()
        : Optional.of(
            ScoreSpread.of(tokens, array(layer.getScoreSums()), array(layer.getScoreProducts())));
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

  /**
   * Compares the gates of two versions.
   *
   * @param earlier a version
   * @param now a later one of the same fit with the same experts in the same order
   * @return one for each expert; none if the versions can't be compared
   */
  public static List<Turn> turns(Router earlier, Router now) {
    if (!earlier.description().getExperts().equals(now.description().getExperts())
        || !earlier.description().getFit().getId().equals(now.description().getFit().getId())) {
      return List.of();
    }
    double[] before = tokens(earlier.description());
    double[] after = tokens(now.description());
    List<Turn> turns = new ArrayList<>();
    for (int e = 0; e < now.experts().size(); e++) {
      double degrees = 0;
      for (int l = 0; l < now.layers(); l++) {
        degrees = Math.max(degrees, angle(earlier.weight(l), now.weight(l), e, now.width()));
      }
      long fresh = Math.max(0, Math.round(after[e] - before[e]));
      // Twice the tokens, 1/√2 of the angle.
      long more = degrees <= 1 ? 0 : Math.round(after[e] * (degrees * degrees - 1));
      turns.add(new Turn(now.experts().get(e), degrees, fresh, more));
    }
    return turns;
  }

  private static double angle(float[] a, float[] b, int row, int width) {
    double product = 0;
    double ofA = 0;
    double ofB = 0;
    for (int i = row * width; i < (row + 1) * width; i++) {
      product += (double) a[i] * b[i];
      ofA += (double) a[i] * a[i];
      ofB += (double) b[i] * b[i];
    }
    if (ofA == 0 || ofB == 0) {
      return ofA == ofB ? 0 : 90;
    }
    return Math.toDegrees(Math.acos(Math.min(1, Math.max(-1, product / Math.sqrt(ofA * ofB)))));
  }

  private static List<String> names(RouterVersion version) {
    return version.getExperts().stream().map(Expert::getName).toList();
  }

  private static double[] tokens(RouterVersion version) {
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
