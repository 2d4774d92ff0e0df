package io.dume.cli;

import io.dume.models.MergedManifest;
import io.dume.router.Router;
import io.dume.schemas.message.Expert;
import java.util.List;
import java.util.Optional;

/** Whether a router's version is one for the model at hand. */
final class VersionFit {

  private VersionFit() {}

  /** Why a version can't be used with a model; nothing if it can. */
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
