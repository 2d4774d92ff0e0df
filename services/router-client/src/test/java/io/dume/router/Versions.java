package io.dume.router;

import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** Made-up versions as the solver publishes them. */
final class Versions {
  static final int LAYERS = 2;
  static final int EXPERTS = 3;
  static final int WIDTH = 5;

  private Versions() {}

  static byte[] weights(long seed) {
    Random random = new Random(seed);
    ByteBuffer bytes =
        ByteBuffer.allocate(LAYERS * EXPERTS * (WIDTH + 1) * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      bytes.putFloat(random.nextFloat());
    }
    return bytes.array();
  }

  static RouterVersion describe(String router, long version, int parts, byte[] weights) {
    Fit fit =
        new Fit(
            Ids.ofSlot(router, "", false),
            "backbone",
            "mlp-input",
            16,
            20,
            256,
            new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64"),
            "",
            LAYERS,
            WIDTH,
            256,
            128,
            1024,
            "",
            2,
            List.of());
    return RouterVersion.newBuilder()
        .setRouter(router)
        .setVersion(version)
        .setFit(fit)
        .setCut(10 * version)
        .setRequests(List.of())
        .setReason("tokens")
        .setSequence(version)
        .setExpertsVersion(1)
        .setExperts(
            List.of(new Expert("novel", "n"), new Expert("code", "c"), new Expert("math", "m")))
        .setDomains(List.of())
        .setRanges(List.of())
        .setSetAside(0)
        .setLambda(0.01)
        .setFactorisation("ejml")
        .setCoreType("portable")
        .setMixed(false)
        .setLayers(List.of())
        .setCreatedAt(Instant.EPOCH)
        .setParts(parts)
        .setWeightBytes(weights.length)
        .setSha256(sha256(weights))
        .build();
  }

  /** The parts of a version and then the version, as bytes. */
  static List<byte[]> messages(String router, long version, int parts) {
    byte[] weights = weights(version);
    List<byte[]> messages = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      messages.add(part(router, version, part, parts, weights));
    }
    messages.add(Wire.encode(describe(router, version, parts, weights)));
    return messages;
  }

  static byte[] part(String router, long version, int part, int parts, byte[] weights) {
    int size = (weights.length + parts - 1) / parts;
    int from = part * size;
    ByteBuffer bytes = ByteBuffer.wrap(weights, from, Math.min(size, weights.length - from));
    return Wire.encode(new RouterPart(router, version, part, bytes.slice()));
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
