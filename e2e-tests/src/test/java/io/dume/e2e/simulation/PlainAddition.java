package io.dume.e2e.simulation;

import io.dume.e2e.simulation.Reckoning.Counted;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.TokenBatch;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** A and b of a layer, by rounding each record's matrix and adding the integers. */
final class PlainAddition {
  private final Fit fit;

  /** By record as it was sent: one id may come with other content when its domain was away. */
  private final Map<TokenBatch, Map<Integer, BigInteger[]>> rounded = new IdentityHashMap<>();

  PlainAddition(Fit fit) {
    this.fit = fit;
  }

  private BigInteger[] matrix(Counted counted, int layer) {
    return rounded
        .computeIfAbsent(counted.batch(), b -> new HashMap<>())
        .computeIfAbsent(layer, l -> round(counted, l));
  }

  private BigInteger[] round(Counted counted, int layer) {
    List<int[]> sequences =
        counted.batch().getSequences().stream()
            .map(s -> s.stream().limit(fit.getContextDim()).mapToInt(t -> t).toArray())
            .toList();
    String expert = counted.member().expert().getName();
    BigDecimal scale = new BigDecimal(BigInteger.ONE.shiftLeft(fit.getFractionBits()));
    return Arrays.stream(HashedFeatures.gram(expert, sequences, layer, fit.getWidth()))
        .mapToObj(
            v ->
                new BigDecimal(v)
                    .multiply(scale)
                    .setScale(0, RoundingMode.HALF_EVEN)
                    .toBigIntegerExact())
        .toArray(BigInteger[]::new);
  }

  private static BigInteger[] zeros(int length) {
    BigInteger[] zeros = new BigInteger[length];
    Arrays.fill(zeros, BigInteger.ZERO);
    return zeros;
  }

  /** The upper triangle of A, row-major; zeros below it. */
  BigInteger[] gram(List<Counted> records, int layer) {
    int n = fit.getWidth() + 1;
    BigInteger[] sum = zeros(n * n);
    for (Counted counted : records) {
      BigInteger[] addend = matrix(counted, layer);
      for (int row = 0; row < n; row++) {
        for (int col = row; col < n; col++) {
          sum[row * n + col] = sum[row * n + col].add(addend[row * n + col]);
        }
      }
    }
    return sum;
  }

  /** b, row-major: a column for each expert. */
  BigInteger[] targets(List<Counted> records, int layer, int experts) {
    int n = fit.getWidth() + 1;
    BigInteger[] sum = zeros(n * experts);
    for (Counted counted : records) {
      BigInteger[] addend = matrix(counted, layer);
      for (int row = 0; row < n; row++) {
        int at = row * experts + counted.member().column();
        sum[at] = sum[at].add(addend[row * n + n - 1]);
      }
    }
    return sum;
  }
}
