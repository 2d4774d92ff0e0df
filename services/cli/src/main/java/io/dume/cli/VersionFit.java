package io.dume.cli;

import io.dume.models.MergedManifest;
import io.dume.models.MixtureModel;
import io.dume.router.Router;
import io.dume.schemas.message.Expert;
import java.util.List;
import java.util.Optional;

/** Whether a router's version is one for the model at hand. */
final class VersionFit {

  /** What a gate within a layer is solved from. */
  private static final String MLP_INPUT = "mlp-input";

  private VersionFit() {}

  /** Why a version can't route a model; nothing if it can. */
  static Optional<String> misfit(Router router, MixtureModel model) {
    Optional<String> misfit = misfit(router, model.manifest());
    if (misfit.isPresent()) {
      return misfit;
    }
    String source = router.description().getFit().getFeatureSource();
    if (!source.equals(MLP_INPUT)) {
      return Optional.of(
          "version %d has features of another kind, %s: it tells which expert a text belongs to, and routes no layer"
              .formatted(router.version(), source));
    }
    int layers = model.config().layers();
    int width = model.config().hiddenSize();
    return router.layers() == layers && router.width() == width
        ? Optional.empty()
        : Optional.of(
            "version %d has %d layers of width %d, the model has %d of width %d"
                .formatted(router.version(), router.layers(), router.width(), layers, width));
  }

  /** Why a version is not of a model's backbone and experts; nothing if it is. */
  static Optional<String> misfit(Router router, MergedManifest model) {
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
