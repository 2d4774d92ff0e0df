package io.dume.cli;

import io.dume.models.FeatureSource;
import io.dume.models.MergedManifest;
import io.dume.models.MixtureModel;
import io.dume.router.Router;
import io.dume.schemas.message.Expert;
import java.util.List;
import java.util.Optional;

/** Whether a router's version is one for the model at hand. */
final class VersionFit {

  private VersionFit() {}

  /** Why a version can't route a mixture's layers; nothing if it can. */
  static Optional<String> misfit(Router router, MixtureModel model) {
    return otherSource(router, FeatureSource.MLP_INPUT)
        .or(() -> otherModel(router, model.manifest()))
        .or(() -> otherShape(router, model));
  }

  private static Optional<String> otherShape(Router router, MixtureModel model) {
    return otherShape(router, model.config().layers(), model.config().hiddenSize());
  }

  /** Why a version's gates are not for so many layers of such a width; nothing if they are. */
  static Optional<String> otherShape(Router router, int layers, int width) {
    return router.layers() == layers && router.width() == width
        ? Optional.empty()
        : Optional.of(
            "version %d has %d layers of width %d, the model has %d of width %d"
                .formatted(router.version(), router.layers(), router.width(), layers, width));
  }

  /** What else than features of a kind a version was solved from, if so. */
  static Optional<String> otherSource(Router router, FeatureSource wanted) {
    String source = router.description().getFit().getFeatureSource();
    if (source.equals(wanted.toString())) {
      return Optional.empty();
    }
    return Optional.of(
        "version %d of router %s is solved from %s features, not %s: %s"
            .formatted(
                router.version(),
                router.name(),
                source,
                wanted,
                source.equals(FeatureSource.EMBEDDING.toString())
                    ? "it says which expert a text belongs to (dume route) and has no gates of"
                        + " layers; name another router with --router-name"
                    : "name another router with --router-name"));
  }

  /** Why a version is not of a model's backbone and experts; nothing if it is. */
  static Optional<String> otherModel(Router router, MergedManifest model) {
    String backbone = router.description().getFit().getBackbone();
    if (!backbone.equals(model.backboneFingerprint())) {
      return Optional.of(
          "version %d is of another merged model, with backbone %s: start again with that one"
              .formatted(router.version(), backbone));
    }
    return missing(router.description().getExperts(), model)
        .map(
            expert ->
                "version %d has expert %s, which this model lacks or has with other MLPs"
                    .formatted(router.version(), expert));
  }

  /** An expert that a model can't stand for, if there is one. */
  static Optional<String> missing(List<Expert> experts, MergedManifest model) {
    return experts.stream()
        .filter(
            expert ->
                model.experts().stream()
                    .noneMatch(
                        here ->
                            here.name().equals(expert.getName())
                                && here.fingerprint().equals(expert.getMlp())))
        .map(Expert::getName)
        .findFirst();
  }
}
