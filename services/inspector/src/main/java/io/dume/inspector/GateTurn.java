package io.dume.inspector;

import io.dume.router.Router;
import io.dume.schemas.message.RouterVersion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * How far an expert's gates have turned between two versions, and when they will stand still.
 *
 * <p>A gate that was solved from N tokens differs from the one that it would become with ever more
 * of them by an error e(N) whose size shrinks as 1 / √N, as that of any regression does. The tokens
 * of an earlier version are among those of a later one, so of the errors e(N₁) and e(N₂) the
 * difference is as large as √(1 / N₁ - 1 / N₂) says, as for means of a growing sample. An angle θ
 * between the two versions' gates makes the angle that is left after N₂ tokens, by their tangents,
 *
 * <pre>tan(left) = tan(θ) · √(N₁ / (N₂ - N₁)),</pre>
 *
 * and it takes (tan(left) / tan(5°))² times as many tokens as there are until 5 degrees are left. N
 * counts the tokens of all experts, since each gate is solved against all of them: the rule holds
 * if tokens go on to come in the proportions that there are.
 *
 * @param expert whose gates
 * @param earlier the version that is compared with
 * @param degrees the largest angle between its weights of both versions, of all layers
 * @param tokens of the expert that came in between
 * @param left degrees that the gates still have to turn, by the rule above
 * @param untilStill how many more tokens of the expert it takes until less than {@link #STILL}
 *     degrees are left; 0 if that is so
 */
public record GateTurn(
    String expert, long earlier, double degrees, long tokens, double left, long untilStill) {

  /** Degrees; a score then differs by less than a tenth of what scores are spread by. */
  public static final double STILL = 5;

  /** Beyond it a tangent says nothing any more. */
  private static final double FARTHEST = 85;

  /** {@return whether less than {@link #STILL} degrees are left} */
  public boolean standsStill() {
    return untilStill == 0;
  }

  /**
   * Finds the version that tells the most about how a version's gates turn: the newest with at most
   * half of its tokens, or where there is none the one with the fewest.
   *
   * @param versions what there is, in any order
   * @param now the later version
   * @return the number of a solved version with fewer tokens, of the same fit, experts, domains and
   *     intercept
   */
  public static Optional<Long> compared(List<RouterVersion> versions, RouterVersion now) {
    double all = total(now);
    List<RouterVersion> comparable =
        versions.stream()
            .filter(earlier -> comparable(earlier, now) && total(earlier) < all)
            .sorted(Comparator.comparingDouble(GateTurn::total))
            .toList();
    return comparable.stream()
        .filter(earlier -> isHalf(earlier, now))
        .max(Comparator.comparingDouble(GateTurn::total))
        .or(() -> comparable.stream().findFirst())
        .map(RouterVersion::getVersion);
  }

  /**
   * Whether no version before this one can tell more: whoever reads versions from the newest back
   * may stop there.
   *
   * @param earlier a version
   * @param now the later version
   * @return whether they can be compared, and the earlier one has at most half of the tokens
   */
  public static boolean isHalf(RouterVersion earlier, RouterVersion now) {
    return comparable(earlier, now) && 2 * total(earlier) <= total(now);
  }

  /**
   * Compares the gates of two versions.
   *
   * @param earlier a version
   * @param now a later one
   * @return one for each expert; none if the versions are not of the same fit, experts, domains and
   *     intercept, if gates were trained, or if no token came in between
   */
  public static List<GateTurn> between(Router earlier, Router now) {
    double then = total(earlier.description());
    double all = total(now.description());
    if (!comparable(earlier.description(), now.description()) || !(then > 0 && then < all)) {
      return List.of();
    }
    double[] before = Inspection.tokens(earlier.description());
    double[] after = Inspection.tokens(now.description());
    List<GateTurn> turns = new ArrayList<>();
    for (int e = 0; e < now.experts().size(); e++) {
      double degrees = 0;
      for (int l = 0; l < now.layers(); l++) {
        degrees = Math.max(degrees, angle(earlier.weight(l), now.weight(l), e, now.width()));
      }
      double tangent =
          Math.tan(Math.toRadians(Math.min(FARTHEST, degrees))) * Math.sqrt(then / (all - then));
      double times = Math.pow(tangent / Math.tan(Math.toRadians(STILL)), 2);
      turns.add(
          new GateTurn(
              now.experts().get(e),
              earlier.version(),
              degrees,
              Math.round(after[e] - before[e]),
              Math.toDegrees(Math.atan(tangent)),
              times <= 1 ? 0 : (long) Math.ceil(after[e] * (times - 1))));
    }
    return turns;
  }

  private static boolean comparable(RouterVersion earlier, RouterVersion now) {
    return earlier.getVersion() < now.getVersion()
        && earlier.getFit().getId().equals(now.getFit().getId())
        && earlier.getExperts().equals(now.getExperts())
        // A domain that came, went or changed hands turns gates too, and so does the intercept.
        && earlier.getExpertsVersion() == now.getExpertsVersion()
        && earlier.getIntercept() == now.getIntercept()
        && earlier.getTraining().isEmpty()
        && now.getTraining().isEmpty();
  }

  private static double total(RouterVersion version) {
    return Arrays.stream(Inspection.tokens(version)).sum();
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
}
