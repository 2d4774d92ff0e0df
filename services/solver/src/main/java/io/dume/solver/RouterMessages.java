package io.dume.solver;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.Ids;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;

/** The messages that a cut becomes. */
final class RouterMessages {
  /** Why a version of trained gates is there. */
  private static final String TRAINED = "trained";

  /** A message with its key, for partition 0 of router-versions. */
  record Keyed(byte[] key, SpecificRecord message) {}

  /** What was solved and how. */
  record Solved(
      Cut cut,
      Fit fit,
      CutSolution solution,
      SolveProfile profile,
      boolean mixed,
      boolean intercept,
      Optional<Policy> policy) {

    /** The version whose gates the scores were compared with, or 0. */
    long earlier() {
      return solution.earlier().map(EarlierGates::version).orElse(0L);
    }
  }

  private RouterMessages() {}

  /** The parts of a version, in order, and then the version. */
  static List<Keyed> version(Solved solved, long version, int partBytes, Instant now) {
    String router = solved.cut().getRouter();
    byte[] weights = weights(solved.solution().gates());
    List<Keyed> messages = parts(router, version, weights, partBytes);
    RouterVersion message =
        RouterVersion.newBuilder()
            .setRouter(router)
            .setVersion(version)
            .setFit(solved.fit())
            .setCut(solved.cut().getCut())
            .setRequests(solved.cut().getRequests())
            .setReason(solved.cut().getReason())
            .setSequence(solved.cut().getSequence())
            .setExpertsVersion(solved.cut().getExpertsVersion())
            .setExperts(solved.cut().getExperts())
            .setDomains(domains(solved.cut(), solved.cut().getSlots()))
            .setRanges(solved.cut().getRanges())
            .setSetAside(solved.cut().getSetAside())
            .setLambda(solved.solution().lambda())
            .setFactorisation(solved.profile().factorisation())
            .setCoreType(solved.profile().coreType())
            .setMixed(solved.mixed())
            .setIntercept(solved.intercept())
            .setLayers(solved.solution().gates().stream().map(RouterMessages::layer).toList())
            .setCreatedAt(now)
            .setParts(messages.size())
            .setWeightBytes(weights.length)
            .setSha256(sha256(weights))
            .setAutoLambda(!solved.solution().curve().isEmpty())
            .setLambdaCurve(solved.solution().curve())
            .setHeldOut(domains(solved.cut(), solved.cut().getHeldOut()))
            .setDuplicates(solved.cut().getDuplicates())
            .setLeftOut(solved.cut().getLeftOut())
            .setEarlierVersion(solved.earlier())
            .setPolicy(
                solved
                    .policy()
                    .map(p -> possible(p, solved.cut().getExperts().size()))
                    .orElse(null))
            .build();
    messages.add(new Keyed(key(router, Long.toString(version)), message));
    return messages;
  }

  private static List<Keyed> parts(String router, long version, byte[] weights, int partBytes) {
    List<Keyed> parts = new ArrayList<>();
    for (int from = 0; from < weights.length; from += partBytes) {
      int part = parts.size();
      ByteBuffer bytes = ByteBuffer.wrap(weights, from, Math.min(partBytes, weights.length - from));
      parts.add(
          new Keyed(
              key(router, version + "/" + part),
              new RouterPart(router, version, part, bytes.slice())));
    }
    return parts;
  }

  /**
   * The parts of a version of trained gates, in order, and then the version. All but the gates it
   * has from the version that they were trained from.
   */
  static List<Keyed> trained(
      RouterVersion start, TrainedGates gates, long version, int partBytes, Instant now) {
    String router = start.getRouter();
    byte[] weights = bytes(gates.values());
    List<Keyed> messages = parts(router, version, weights, partBytes);
    RouterVersion message =
        RouterVersion.newBuilder(start)
            .setVersion(version)
            .setReason(TRAINED)
            .setRequests(List.of())
            .setLayers(List.of())
            .setAutoLambda(false)
            .setLambdaCurve(List.of())
            .setEarlierVersion(0)
            .setTraining(gates.training())
            .setPolicy(gates.policy().orElse(null))
            .setCreatedAt(now)
            .setParts(messages.size())
            .setWeightBytes(weights.length)
            .setSha256(sha256(weights))
            .build();
    messages.add(new Keyed(key(router, Long.toString(version)), message));
    return messages;
  }

  /**
   * Experts may have left since the policy was chosen: no token goes through more than there are.
   */
  private static Policy possible(Policy chosen, int experts) {
    return Policy.newBuilder(chosen).setTopK(Math.min(chosen.getTopK(), experts)).build();
  }

  /** A refusal; its key is the router's name, the fit and the cut. */
  static Keyed refusal(Cut cut, String reason, Instant now) {
    return new Keyed(
        key(cut.getRouter(), "cut-%s-%d".formatted(Ids.hex(cut.getFit()), cut.getCut())),
        new CutRefused(
            cut.getRouter(), cut.getCut(), cut.getFit(), cut.getRequests(), reason, now));
  }

  private static byte[] key(String router, String rest) {
    return (router + "/" + rest).getBytes(StandardCharsets.UTF_8);
  }

  private static LayerSolution layer(LayerGate gate) {
    return new LayerSolution(
        gate.layer(),
        gate.residual(),
        gate.smallestPivot(),
        gate.zeroColumns(),
        gate.separability(),
        gate.scores().norms(),
        gate.scores().sums(),
        gate.scores().products(),
        gate.scores().earlier());
  }

  /** A domain that has several slots, as after its expert's MLPs changed, is one line. */
  private static List<DomainTokens> domains(Cut cut, List<CutSlot> slots) {
    Map<List<String>, DomainTokens> domains = new LinkedHashMap<>();
    for (CutSlot slot : slots) {
      String expert = cut.getExperts().get(slot.getExpert()).getName();
      domains.merge(
          List.of(slot.getDomain(), expert),
          new DomainTokens(slot.getDomain(), expert, slot.getTokens(), slot.getRecords()),
          (a, b) ->
              new DomainTokens(
                  a.getDomain(),
                  a.getExpert(),
                  a.getTokens() + b.getTokens(),
                  a.getRecords() + b.getRecords()));
    }
    return List.copyOf(domains.values());
  }

  /** float32, little-endian: for each layer weight (experts x d), then bias (experts). */
  private static byte[] weights(List<LayerGate> gates) {
    return bytes(gates.stream().flatMap(g -> Stream.of(g.weight(), g.bias())).toList());
  }

  private static byte[] bytes(List<float[]> values) {
    int floats = values.stream().mapToInt(array -> array.length).sum();
    ByteBuffer bytes = ByteBuffer.allocate(floats * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float[] array : values) {
      for (float value : array) {
        bytes.putFloat(value);
      }
    }
    return bytes.array();
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
