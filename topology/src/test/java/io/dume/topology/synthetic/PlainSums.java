package io.dume.topology.synthetic;

import io.dume.schemas.message.Fit;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Sums of whole matrices in unbounded integers: nothing of the code under test is used. */
public final class PlainSums {
  private record Place(int layer, String domain, boolean heldOut) {}

  private final Fit fit;
  private final Map<Place, BigInteger[]> sums = new HashMap<>();

  public PlainSums(Fit fit) {
    this.fit = fit;
  }

  /** Adds everything of a flush. */
  public void add(SyntheticFlush flush) {
    for (SyntheticFlush.Contribution c : flush.contributions()) {
      BigInteger[] sum =
          sums.computeIfAbsent(
              new Place(c.layer(), c.domain(), c.heldOut()), p -> zeros(c.gram().length));
      for (int i = 0; i < sum.length; i++) {
        sum[i] = sum[i].add(fixed(c.gram()[i]));
      }
    }
  }

  /** Starts a domain from nothing again. */
  public void takeAway(String domain) {
    sums.keySet().removeIf(place -> place.domain().equals(domain));
  }

  private BigInteger fixed(double value) {
    return new BigDecimal(value)
        .multiply(new BigDecimal(BigInteger.ONE.shiftLeft(fit.getFractionBits())))
        .setScale(0, RoundingMode.HALF_EVEN)
        .toBigIntegerExact();
  }

  private static BigInteger[] zeros(int length) {
    BigInteger[] zeros = new BigInteger[length];
    Arrays.fill(zeros, BigInteger.ZERO);
    return zeros;
  }

  /** The upper triangle of A of a layer over these domains; below it is zero. */
  public BigInteger[] gram(int layer, List<String> domains) {
    return gram(layer, domains, false);
  }

  /** As {@link #gram(int, List)}, of the tokens that are held out. */
  public BigInteger[] heldOutGram(int layer, List<String> domains) {
    return gram(layer, domains, true);
  }

  private BigInteger[] gram(int layer, List<String> domains, boolean heldOut) {
    int n = fit.getWidth() + 1;
    BigInteger[] pooled = zeros(n * n);
    for (String domain : domains) {
      BigInteger[] sum = sums.getOrDefault(new Place(layer, domain, heldOut), zeros(n * n));
      for (int row = 0; row < n; row++) {
        for (int col = row; col < n; col++) {
          pooled[row * n + col] = pooled[row * n + col].add(sum[row * n + col]);
        }
      }
    }
    return pooled;
  }

  /** b of a layer: a column for each of these domains. */
  public BigInteger[] targets(int layer, List<String> domains) {
    return targets(layer, domains, false);
  }

  /** As {@link #targets(int, List)}, of the tokens that are held out. */
  public BigInteger[] heldOutTargets(int layer, List<String> domains) {
    return targets(layer, domains, true);
  }

  private BigInteger[] targets(int layer, List<String> domains, boolean heldOut) {
    int n = fit.getWidth() + 1;
    BigInteger[] targets = zeros(n * domains.size());
    for (int column = 0; column < domains.size(); column++) {
      BigInteger[] sum =
          sums.getOrDefault(new Place(layer, domains.get(column), heldOut), zeros(n * n));
      for (int row = 0; row < n; row++) {
        // [x; 1] times 1 is the row of the intercept, which the upper triangle has as a column.
        targets[row * domains.size() + column] = sum[row * n + n - 1];
      }
    }
    return targets;
  }
}
