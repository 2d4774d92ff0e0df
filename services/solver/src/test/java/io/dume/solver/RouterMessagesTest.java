package io.dume.solver;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.router.Router;
import io.dume.schemas.message.Cut;
import io.dume.schemas.message.CutSlot;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.LambdaError;
import io.dume.schemas.message.Policy;
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.Ids;
import io.dume.solver.RouterMessages.Keyed;
import io.dume.solver.RouterMessages.Solved;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RouterMessagesTest {
  private static final Instant NOW = Instant.ofEpochMilli(1_700_000_000_000L);
  private static final int EXPERTS = 3;

  private static final ScoreSums SCORES =
      new ScoreSums(List.of(1.0, 2.0, 3.0), List.of(), List.of(), List.of());

  private static final Policy POLICY = new Policy(1, 1.0, 0.95, 0.0, 0.5);

  private final Fit fit = FoldedStatistics.fit("");
  private final Cut cut =
      new FoldedStatistics(fit, 1, 5, 6, 7).cut("demo", 4, List.of("ask"), Optional.empty());

  private Solved solved(long seed) {
    Random random = new Random(seed);
    List<LayerGate> gates = new ArrayList<>();
    for (int layer = 0; layer < FoldedStatistics.LAYERS; layer++) {
      float[] weight = new float[EXPERTS * FoldedStatistics.WIDTH];
      float[] bias = new float[EXPERTS];
      for (int i = 0; i < weight.length; i++) {
        weight[i] = random.nextFloat();
      }
      for (int i = 0; i < bias.length; i++) {
        bias[i] = random.nextFloat();
      }
      gates.add(
          new LayerGate(
              layer, weight, bias, 1e-15, 0.5, List.of(), List.of(0.9, 0.8, 0.7), SCORES));
    }
    return new Solved(
        cut,
        fit,
        new CutSolution(0.01, List.of(), gates, Optional.empty()),
        SolveProfile.EJML,
        false,
        true,
        Optional.empty());
  }

  @Property(tries = 50)
  void shouldSplitWeightsIntoPartsThatASubscriberPutsTogether(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 800) int partBytes) {
    Solved solved = solved(seed);

    List<Keyed> messages = RouterMessages.version(solved, 12, partBytes, NOW);

    ByteArrayOutputStream weights = new ByteArrayOutputStream();
    for (int i = 0; i < messages.size() - 1; i++) {
      RouterPart part = (RouterPart) messages.get(i).message();
      assertThat(part.getPart()).isEqualTo(i);
      assertThat(part.getVersion()).isEqualTo(12);
      assertThat(part.getWeights().remaining()).isBetween(1, partBytes);
      byte[] bytes = new byte[part.getWeights().remaining()];
      part.getWeights().get(bytes);
      weights.writeBytes(bytes);
    }
    RouterVersion version = (RouterVersion) messages.get(messages.size() - 1).message();
    assertThat(version.getParts()).isEqualTo(messages.size() - 1);
    Router router = Router.of(version, weights.toByteArray());
    for (int layer = 0; layer < FoldedStatistics.LAYERS; layer++) {
      assertThat(router.weight(layer)).isEqualTo(solved.solution().gates().get(layer).weight());
      assertThat(router.bias(layer)).isEqualTo(solved.solution().gates().get(layer).bias());
    }
  }

  @Test
  void shouldKeyMessagesByRouterVersionAndPart() {
    List<Keyed> messages = RouterMessages.version(solved(1), 12, 500, NOW);

    assertThat(messages)
        .extracting(keyed -> new String(keyed.key(), StandardCharsets.UTF_8))
        .containsExactly("demo/12/0", "demo/12/1", "demo/12");
  }

  @Test
  void shouldAddUpTheSlotsOfADomain() {
    Cut twoSlots =
        Cut.newBuilder(cut)
            .setSlots(
                List.of(
                    new CutSlot(Ids.random(), "novel", 0, 10L, 1L),
                    new CutSlot(Ids.random(), "novel", 0, 5L, 2L),
                    new CutSlot(Ids.random(), "poems", 0, 3L, 1L)))
            .build();
    Solved solved = solved(1);

    List<Keyed> messages =
        RouterMessages.version(
            new Solved(
                twoSlots,
                fit,
                solved.solution(),
                SolveProfile.EJML,
                true,
                false,
                Optional.of(POLICY)),
            1,
            1 << 20,
            NOW);

    RouterVersion version = (RouterVersion) messages.get(1).message();
    assertThat(version.getDomains())
        .containsExactly(
            new DomainTokens("novel", "novel", 15L, 3L),
            new DomainTokens("poems", "novel", 3L, 1L));
    assertThat(version.getMixed()).isTrue();
    assertThat(version.getIntercept()).isFalse();
    assertThat(version.getPolicy()).contains(POLICY);
  }

  @Test
  void shouldSendATokenThroughNoMoreExpertsThanThereAre() {
    Solved solved = solved(1);
    Policy ofMore = new Policy(EXPERTS + 2, 1.0, 0.5, 0.0, 0.0);

    List<Keyed> messages =
        RouterMessages.version(
            new Solved(
                cut, fit, solved.solution(), SolveProfile.EJML, false, true, Optional.of(ofMore)),
            1,
            1 << 20,
            NOW);

    RouterVersion version = (RouterVersion) messages.get(1).message();
    assertThat(version.getPolicy()).contains(new Policy(EXPERTS, 1.0, 0.5, 0.0, 0.0));
  }

  @Test
  void shouldSayHowLambdaWasChosenAndWhatWasNotCounted() {
    Cut full =
        Cut.newBuilder(cut)
            .setHeldOut(List.of(new CutSlot(Ids.random(), "code", 1, 8L, 2L)))
            .setDuplicates(5)
            .setLeftOut(6)
            .build();
    List<LambdaError> curve = List.of(new LambdaError(0.1, 0.5), new LambdaError(1.0, 0.25));
    CutSolution solution =
        new CutSolution(1.0, curve, solved(1).solution().gates(), Optional.empty());

    List<Keyed> messages =
        RouterMessages.version(
            new Solved(full, fit, solution, SolveProfile.EJML, false, true, Optional.empty()),
            1,
            1 << 20,
            NOW);

    RouterVersion version = (RouterVersion) messages.get(1).message();
    assertThat(version.getLambda()).isEqualTo(1.0);
    assertThat(version.getAutoLambda()).isTrue();
    assertThat(version.getPolicy()).isEmpty();
    assertThat(version.getIntercept()).isTrue();
    assertThat(version.getLambdaCurve()).isEqualTo(curve);
    assertThat(version.getHeldOut()).containsExactly(new DomainTokens("code", "code", 8L, 2L));
    assertThat(version.getDuplicates()).isEqualTo(5);
    assertThat(version.getLeftOut()).isEqualTo(6);
    assertThat(version.getLayers())
        .allSatisfy(layer -> assertThat(layer.getSeparability()).containsExactly(0.9, 0.8, 0.7));
  }

  @Test
  void shouldNotGiveRefusalsOfTwoFitsTheSameKey() {
    Cut other = Cut.newBuilder(cut).setFit(FoldedStatistics.fit("other").getId()).build();

    Keyed one = RouterMessages.refusal(cut, "why", NOW);

    assertThat(one.key()).isNotEqualTo(RouterMessages.refusal(other, "why", NOW).key());
  }
}
