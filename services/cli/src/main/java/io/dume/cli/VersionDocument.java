package io.dume.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dume.models.RouterWeights;
import io.dume.router.Router;
import io.dume.router.RouterEvent;
import io.dume.schemas.message.CutRange;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.LambdaError;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.Ids;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a version says of itself, as JSON, and its weights as a file. */
final class VersionDocument {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Key of the context_dim among a router file's strings. */
  static final String CONTEXT_DIM = "context_dim";

  private VersionDocument() {}

  /** A version, or a refusal with its reason. */
  static ObjectNode of(RouterEvent event) {
    if (event instanceof RouterEvent.Published published) {
      return of(published.version());
    }
    CutRefused refusal = ((RouterEvent.Refused) event).refusal();
    ObjectNode node = JSON.createObjectNode();
    node.put("router", refusal.getRouter());
    node.put("refused", refusal.getReason());
    node.put("refusedAt", refusal.getRefusedAt().toString());
    node.put("cut", refusal.getCut());
    refusal.getRequests().forEach(node.putArray("requests")::add);
    return node;
  }

  /** The whole description, as {@code version.json} has it. */
  static ObjectNode of(RouterVersion version) {
    ObjectNode node = JSON.createObjectNode();
    node.put("router", version.getRouter());
    node.put("version", version.getVersion());
    node.put("createdAt", version.getCreatedAt().toString());
    node.put("sha256", version.getSha256());
    node.put("weightBytes", version.getWeightBytes());
    node.put("lambda", version.getLambda());
    node.put("autoLambda", version.getAutoLambda());
    ArrayNode curve = node.putArray("lambdaCurve");
    for (LambdaError point : version.getLambdaCurve()) {
      curve.addObject().put("lambda", point.getLambda()).put("error", point.getError());
    }
    node.put("factorisation", version.getFactorisation());
    node.put("coreType", version.getCoreType());
    node.put("mixed", version.getMixed());
    node.put("intercept", version.getIntercept());
    ArrayNode experts = node.putArray("experts");
    for (Expert expert : version.getExperts()) {
      experts.addObject().put("name", expert.getName()).put("mlp", expert.getMlp());
    }
    domains(node.putArray("domains"), version.getDomains());
    domains(node.putArray("heldOut"), version.getHeldOut());
    node.put("cut", version.getCut());
    node.put("reason", version.getReason());
    version.getRequests().forEach(node.putArray("requests")::add);
    node.put("flushes", version.getSequence());
    ArrayNode ranges = node.putArray("offsets");
    for (CutRange range : version.getRanges()) {
      ranges
          .addObject()
          .put("partition", range.getPartition())
          .put("from", range.getFrom())
          .put("to", range.getTo());
    }
    node.put("setAside", version.getSetAside());
    node.put("duplicates", version.getDuplicates());
    node.put("leftOut", version.getLeftOut());
    node.put("expertsVersion", version.getExpertsVersion());
    fit(node.putObject("fit"), version.getFit());
    version
        .getPolicy()
        .ifPresent(policy -> node.put("routingPolicy", Policies.of(policy).toString()));
    version
        .getTraining()
        .ifPresent(training -> TrainingRecord.put(node.putObject("training"), training));
    ArrayNode layers = node.putArray("layers");
    for (LayerSolution layer : version.getLayers()) {
      ObjectNode entry =
          layers
              .addObject()
              .put("layer", layer.getLayer())
              .put("residual", layer.getResidual())
              .put("smallestPivot", layer.getSmallestPivot());
      layer.getZeroColumns().forEach(entry.putArray("zeroColumns")::add);
      layer.getSeparability().forEach(entry.putArray("separability")::add);
    }
    return node;
  }

  private static void domains(ArrayNode array, List<DomainTokens> domains) {
    for (DomainTokens domain : domains) {
      array
          .addObject()
          .put("domain", domain.getDomain())
          .put("expert", domain.getExpert())
          .put("tokens", domain.getTokens())
          .put("records", domain.getRecords());
    }
  }

  private static void fit(ObjectNode node, Fit fit) {
    ExtractionProfile profile = fit.getProfile();
    node.put("id", Ids.hex(fit.getId()));
    node.put("label", fit.getLabel());
    node.put("backbone", fit.getBackbone());
    node.put("featureSource", fit.getFeatureSource());
    node.put("contextDim", fit.getContextDim());
    node.put("fractionBits", fit.getFractionBits());
    node.put("tileSize", fit.getTileSize());
    node.put("layersOfModel", fit.getLayers());
    node.put("hiddenSize", fit.getWidth());
    node.putObject("profile")
        .put("device", profile.getDeviceKind())
        .put("instructionSet", profile.getInstructionSet())
        .put("library", profile.getLibrary())
        .put("gram", profile.getGramType());
  }

  /** The gates, with what a reader of the file alone should know. */
  static RouterWeights weights(Router router) {
    RouterVersion version = router.description();
    List<float[]> weights = new ArrayList<>();
    List<float[]> biases = new ArrayList<>();
    for (int layer = 0; layer < router.layers(); layer++) {
      weights.add(router.weight(layer));
      biases.add(router.bias(layer));
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", "pt");
    metadata.put("router", version.getRouter());
    metadata.put("version", Long.toString(version.getVersion()));
    // By these a router finds its experts in a model that has others too, or another order.
    metadata.put(RouterWeights.EXPERTS, String.join(",", router.experts()));
    metadata.put(
        RouterWeights.MLPS,
        version.getExperts().stream().map(Expert::getMlp).collect(Collectors.joining(",")));
    metadata.put(RouterWeights.BACKBONE, version.getFit().getBackbone());
    metadata.put(RouterWeights.FEATURE_SOURCE, version.getFit().getFeatureSource());
    metadata.put(CONTEXT_DIM, Integer.toString(version.getFit().getContextDim()));
    metadata.put("lambda", Double.toString(version.getLambda()));
    metadata.put("sha256", version.getSha256());
    metadata.put("intercept", Boolean.toString(version.getIntercept()));
    version
        .getPolicy()
        .ifPresent(policy -> metadata.put(RouterWeights.POLICY, Policies.of(policy).toString()));
    version
        .getTraining()
        .ifPresent(training -> metadata.put(TrainingRecord.KEY, TrainingRecord.json(training)));
    return new RouterWeights(weights, biases, metadata);
  }
}
