package io.dume.inspector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dume.router.Router;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;

class GateTurnTest {

  private static final int WIDTH = 64;
  private static final List<Expert> EXPERTS = List.of(new Expert("a", "1"), new Expert("b", "2"));

  /** One of two experts' gates at an angle in the plane of the first two features. */
  private static float[] at(double degrees) {
    float[] weights = new float[2 * WIDTH];
    weights[0] = (float) Math.cos(Math.toRadians(degrees));
    weights[1] = (float) Math.sin(Math.toRadians(degrees));
    weights[WIDTH] = 1;
    return weights;
  }

  @Test
  void shouldTellTheAngleThatIsLeftAndTheTokensForIt() {
    Router earlier = router(1, 10_000, at(0));
    Router now = router(2, 20_000, at(10));

    List<GateTurn> turns = GateTurn.between(earlier, now);

    GateTurn a = turns.get(0);
    assertThat(a.expert()).isEqualTo("a");
    assertThat(a.earlier()).isEqualTo(1);
    assertThat(a.tokens()).isEqualTo(10_000);
    assertThat(a.degrees()).isCloseTo(10, within(1e-3));
    assertThat(a.left()).as("as much again, after twice the tokens").isCloseTo(10, within(1e-3));
    // (tan 10 / tan 5)^2 = 4.062 times the 20,000 that there are.
    assertThat(a.untilStill()).isCloseTo(61_244, within(20L));
    assertThat(turns.get(1).standsStill()).isTrue();
  }

  /**
   * Gates of growing samples whose limit is known: with the same covariance about two means, that
   * of the difference of the means.
   */
  @Test
  void shouldForetellHowFarRegressionsAreFromWhereTheyEnd() {
    Random random = new Random(7);
    DMatrixRMaj a = new DMatrixRMaj(WIDTH + 1, WIDTH + 1);
    DMatrixRMaj b = new DMatrixRMaj(WIDTH + 1, 1);
    more(a, b, 1_500, random);
    Router earlier = router(1, 750, solved(a, b));
    more(a, b, 3_000, random);
    Router now = router(2, 2_250, solved(a, b));

    GateTurn turn = GateTurn.between(earlier, now).get(0);

    float[] end = new float[WIDTH];
    end[0] = 1;
    double actual = degrees(now.weight(0), end);
    assertThat(turn.left()).isBetween(0.8 * actual, 1.25 * actual);
    // With as many tokens as that takes, it is there.
    int needed = (int) (4_500 + 2 * turn.untilStill());
    more(a, b, needed - 4_500, random);
    assertThat(degrees(solved(a, b), end)).isBetween(0.8 * GateTurn.STILL, 1.25 * GateTurn.STILL);
  }

  /** Tokens of both experts by turns: 1 and -1 along the first feature, noise of deviation 1. */
  private static void more(DMatrixRMaj a, DMatrixRMaj b, int tokens, Random random) {
    double[] x = new double[WIDTH + 1];
    for (int t = 0; t < tokens; t++) {
      boolean first = t % 2 == 0;
      for (int i = 0; i < WIDTH; i++) {
        x[i] = random.nextGaussian();
      }
      x[0] += first ? 1 : -1;
      x[WIDTH] = 1;
      for (int i = 0; i <= WIDTH; i++) {
        for (int j = 0; j <= WIDTH; j++) {
          a.add(i, j, x[i] * x[j]);
        }
        b.add(i, 0, first ? x[i] : 0);
      }
    }
  }

  private static float[] solved(DMatrixRMaj a, DMatrixRMaj b) {
    DMatrixRMaj w = new DMatrixRMaj(WIDTH + 1, 1);
    assertThat(CommonOps_DDRM.solve(a, b, w)).isTrue();
    float[] weights = new float[2 * WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      weights[i] = (float) w.get(i);
    }
    weights[WIDTH] = 1;
    return weights;
  }

  private static double degrees(float[] weights, float[] end) {
    double product = 0;
    double squares = 0;
    for (int i = 0; i < WIDTH; i++) {
      product += weights[i] * end[i];
      squares += weights[i] * weights[i];
    }
    return Math.toDegrees(Math.acos(product / Math.sqrt(squares)));
  }

  @Test
  void shouldCompareWithTheNewestVersionOfHalfTheTokens() {
    List<RouterVersion> versions =
        List.of(version(1, 100), version(2, 450), version(3, 500), version(4, 900));

    assertThat(GateTurn.compared(versions, version(6, 1_000))).contains(3L);
    assertThat(GateTurn.compared(versions, version(6, 150))).as("the fewest").contains(1L);
    assertThat(GateTurn.compared(versions, version(6, 100))).as("none with fewer").isEmpty();
    assertThat(GateTurn.isHalf(version(3, 500), version(6, 1_000))).isTrue();
    assertThat(GateTurn.isHalf(version(3, 501), version(6, 1_000))).isFalse();
  }

  @Test
  void shouldSayNothingWhereNoTokenCameInBetween() {
    assertThat(GateTurn.between(router(1, 100, at(0)), router(2, 100, at(0)))).isEmpty();
  }

  @Test
  void shouldNotCompareAcrossFitsExpertsOrTraining() {
    byte[] other = new byte[16];
    other[0] = 1;
    RouterVersion now = version(2, 1_000);
    RouterVersion otherFit =
        RouterVersion.newBuilder(version(1, 100))
            .setFit(Fit.newBuilder(now.getFit()).setId(new Id(other)).build())
            .build();
    RouterVersion otherExperts =
        RouterVersion.newBuilder(version(1, 100))
            .setExperts(List.of(EXPERTS.get(0), new Expert("b", "3")))
            .build();
    RouterVersion trained =
        RouterVersion.newBuilder(version(3, 100))
            .setTraining(new Training(1L, 10, 1e-4, 0.0, 100L, 0L))
            .build();

    // As after a domain that an expert had several of was removed.
    RouterVersion otherDomains =
        RouterVersion.newBuilder(version(1, 100)).setExpertsVersion(2).build();
    RouterVersion withoutIntercept =
        RouterVersion.newBuilder(version(1, 100)).setIntercept(false).build();

    for (RouterVersion earlier : List.of(otherFit, otherExperts, otherDomains, withoutIntercept)) {
      assertThat(GateTurn.isHalf(earlier, now)).isFalse();
      assertThat(GateTurn.between(router(earlier, at(0)), router(now, at(10)))).isEmpty();
      assertThat(GateTurn.compared(List.of(earlier), now)).isEmpty();
    }
    assertThat(GateTurn.between(router(trained, at(0)), router(version(4, 900), at(10)))).isEmpty();
    assertThat(GateTurn.compared(List.of(trained), version(4, 900))).isEmpty();
  }

  private static Router router(long number, long tokens, float[] weights) {
    return router(version(number, tokens), weights);
  }

  private static Router router(RouterVersion version, float[] weights) {
    ByteBuffer bytes =
        ByteBuffer.allocate((weights.length + 2) * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float weight : weights) {
      bytes.putFloat(weight);
    }
    try {
      String sha256 =
          HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
      return Router.of(
          RouterVersion.newBuilder(version)
              .setWeightBytes(bytes.capacity())
              .setSha256(sha256)
              .build(),
          bytes.array());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Half of the tokens are either expert's. */
  private static RouterVersion version(long number, long tokens) {
    return Versions.of(
        number,
        WIDTH,
        EXPERTS,
        List.of(new DomainTokens("a", "a", tokens, 1L), new DomainTokens("b", "b", tokens, 1L)));
  }
}
