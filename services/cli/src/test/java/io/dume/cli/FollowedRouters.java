package io.dume.cli;

import io.dume.models.MergedManifest;
import io.dume.router.Router;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.RouterVersion;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Versions for the demo's model, as they come to whoever follows a router. */
final class FollowedRouters {

  private FollowedRouters() {}

  /** Gates of zeros for all experts of a model. */
  static Router router(MergedManifest manifest, long number, int layers, String source) {
    String first = manifest.experts().get(0).name();
    byte[] weights =
        new byte[layers * manifest.experts().size() * (DemoModel.WIDTH + 1) * Float.BYTES];
    RouterVersion like = VersionPageTest.version(number, sha256(weights));
    Fit fit =
        Fit.newBuilder(like.getFit())
            .setBackbone(manifest.backboneFingerprint())
            .setFeatureSource(source)
            .setLayers(layers)
            .setWidth(DemoModel.WIDTH)
            .build();
    return Router.of(
        RouterVersion.newBuilder(like)
            .setFit(fit)
            .setExperts(
                manifest.experts().stream()
                    .map(expert -> new Expert(expert.name(), expert.fingerprint()))
                    .toList())
            .setDomains(List.of(new DomainTokens(first, first, 10L, 1L)))
            .setLayers(List.of())
            .setWeightBytes(weights.length)
            .build(),
        weights);
  }

  /** The same gates with another description. */
  static Router router(RouterVersion description) {
    return Router.of(description, new byte[(int) description.getWeightBytes()]);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
