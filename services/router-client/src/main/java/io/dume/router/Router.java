package io.dume.router;

import io.dume.schemas.message.Expert;
import io.dume.schemas.message.RouterVersion;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/**
 * One whole version of a router: a gate for each layer, and where it comes from. The gates are
 * those of DUME (arXiv 2603.29765): the scores of a feature x are {@code weight(layer) x +
 * bias(layer)}, one for each expert.
 *
 * <p>Immutable as long as nobody writes to {@link #description()}; safe for use by several threads.
 */
public final class Router {
  private final RouterVersion description;
  private final int experts;
  private final int width;
  private final float[] values;

  private Router(RouterVersion description, int experts, int width, float[] values) {
    this.description = description;
    this.experts = experts;
    this.width = width;
    this.values = values;
  }

  /**
   * Puts a router together and verifies it.
   *
   * @param description the version as it was published
   * @param weights the bytes of its parts, in order: float32, little-endian; for each layer weight
   *     (experts x width, row-major), then bias (experts)
   * @return the router
   * @throws IllegalArgumentException if the weights are not of the length that the shape needs,
   *     their SHA-256 is not the one stated, a value is not finite, or what the version says of
   *     itself can't be: names field and value
   */
  public static Router of(RouterVersion description, byte[] weights) {
    int layers = description.getFit().getLayers();
    int width = description.getFit().getWidth();
    int experts = description.getExperts().size();
    if (layers < 1 || width < 1 || experts < 1) {
      throw invalid(
          description, "%d layers, %d experts, width %d".formatted(layers, experts, width));
    }
    long needed = Math.multiplyExact((long) layers * experts, (width + 1L) * Float.BYTES);
    if (weights.length != needed || description.getWeightBytes() != needed) {
      throw invalid(
          description,
          "%d bytes of weights, %d stated, where %d layers, %d experts and width %d need %d"
              .formatted(
                  weights.length, description.getWeightBytes(), layers, experts, width, needed));
    }
    String sha256 = sha256(weights);
    if (!sha256.equalsIgnoreCase(description.getSha256())) {
      throw invalid(
          description,
          "SHA-256 of the weights is %s, stated is %s".formatted(sha256, description.getSha256()));
    }
    float[] values = new float[weights.length / Float.BYTES];
    ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw invalid(description, "a weight is " + value);
      }
    }
    VersionCheck.fault(description)
        .ifPresent(
            fault -> {
              throw invalid(description, fault);
            });
    Router router = new Router(description, experts, width, values);
    router.requireIntercept();
    return router;
  }

  private void requireIntercept() {
    for (int l = 0; !description.getIntercept() && l < layers(); l++) {
      for (float value : bias(l)) {
        if (value != 0) {
          throw invalid(description, "intercept is false, and layer %d has %s".formatted(l, value));
        }
      }
    }
  }

  private static IllegalArgumentException invalid(RouterVersion description, String what) {
    return new IllegalArgumentException(
        "router %s version %d: %s"
            .formatted(description.getRouter(), description.getVersion(), what));
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** {@return the router's name} */
  public String name() {
    return description.getRouter();
  }

  /** {@return the version number, from 1; higher is newer} */
  public long version() {
    return description.getVersion();
  }

  /** {@return the names of the experts, in the order of the gates' rows} */
  public List<String> experts() {
    return description.getExperts().stream().map(Expert::getName).toList();
  }

  /** {@return the number of layers, each with a gate} */
  public int layers() {
    return description.getFit().getLayers();
  }

  /** {@return d, the length of a feature} */
  public int width() {
    return width;
  }

  /**
   * A gate's weights.
   *
   * @param layer the layer, from 0
   * @return a copy: experts x width, row-major
   * @throws IndexOutOfBoundsException if there is no such layer
   */
  public float[] weight(int layer) {
    int from = start(layer);
    return Arrays.copyOfRange(values, from, from + experts * width);
  }

  /**
   * A gate's intercepts.
   *
   * @param layer the layer, from 0
   * @return a copy: one for each expert
   * @throws IndexOutOfBoundsException if there is no such layer
   */
  public float[] bias(int layer) {
    int from = start(layer) + experts * width;
    return Arrays.copyOfRange(values, from, from + experts);
  }

  private int start(int layer) {
    return Objects.checkIndex(layer, layers()) * experts * (width + 1);
  }

  /**
   * All that the version says of itself: fit, tokens by domain, λ, offset ranges, factorisation,
   * residual and smallest pivot of each layer, time, SHA-256.
   *
   * @return the message as it was published, shared: read it only
   */
  public RouterVersion description() {
    return description;
  }

  @Override
  public String toString() {
    return "router %s version %d (%d layers, experts %s)"
        .formatted(name(), version(), layers(), experts());
  }
}
