package io.dume.extractor;

import static io.dume.extractor.Batches.batch;
import static io.dume.extractor.Batches.tokens;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.Wire;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RecordCheckTest {
  private final RecordCheck check =
      new RecordCheck(Batches.fit(), new Domains(Batches.experts(), TokenFeatures.EXPERTS));

  private Verdict judge(TokenBatch batch) {
    return check.judge(batch.getId().bytes(), Wire.encode(batch));
  }

  private static void assertRefused(Verdict verdict, Reason reason, String... details) {
    assertThat(verdict).isInstanceOf(Verdict.Refused.class);
    Verdict.Refused refused = (Verdict.Refused) verdict;
    assertThat(refused.reason()).as(refused.detail()).isEqualTo(reason);
    assertThat(List.of(details)).allSatisfy(d -> assertThat(refused.detail()).contains(d));
  }

  @Test
  void shouldAcceptAGoodRecordInTheSlotOfItsDomain() {
    Verdict verdict = judge(batch("a", "math", tokens(1, 2, 3), tokens(4)));

    Slot slot = Slot.of("math", "math", TokenFeatures.EXPERTS.get(1).getMlp(), false);
    assertThat(verdict).isInstanceOf(Verdict.Accepted.class);
    Verdict.Accepted accepted = (Verdict.Accepted) verdict;
    assertThat(accepted.slot()).isEqualTo(slot);
    assertThat(accepted.tokens()).isEqualTo(4);
    assertThat(accepted.sequences()).containsExactly(tokens(1, 2, 3), tokens(4));
  }

  @Test
  void shouldKeepHeldOutTokensInASlotOfTheirOwn() {
    TokenBatch heldOut =
        TokenBatch.newBuilder(batch("a", "math", tokens(1))).setHeldOut(true).build();

    Verdict.Accepted accepted = (Verdict.Accepted) judge(heldOut);

    assertThat(accepted.slot().heldOut()).isTrue();
    assertThat(accepted.slot().id())
        .isNotEqualTo(((Verdict.Accepted) judge(batch("a", "math", tokens(1)))).slot().id());
  }

  @Test
  void shouldCountOnlyTheFirstPositionsOfALongSequence() {
    Verdict.Accepted accepted =
        (Verdict.Accepted) judge(batch("a", "novel", tokens(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)));

    assertThat(accepted.sequences()).containsExactly(tokens(0, 1, 2, 3, 4, 5));
    assertThat(accepted.tokens()).isEqualTo(Batches.CONTEXT);
  }

  @Test
  void shouldRefuseBytesThatAreNoMessage() {
    assertRefused(check.judge(new byte[16], new byte[] {1, 2, 3}), Reason.MALFORMED_MESSAGE);
  }

  @Test
  void shouldRefuseATombstone() {
    assertRefused(check.judge(new byte[16], new byte[0]), Reason.MALFORMED_MESSAGE);
  }

  @Test
  void shouldRefuseATruncatedRecord() {
    TokenBatch batch = batch("a", "math", tokens(1, 2, 3));
    byte[] whole = Wire.encode(batch);

    Verdict verdict = check.judge(batch.getId().bytes(), Arrays.copyOf(whole, whole.length - 1));

    assertRefused(verdict, Reason.MALFORMED_MESSAGE);
  }

  @Test
  void shouldRefuseAnotherSchemasRecord() {
    byte[] other = Wire.encode(new FitFailed(Ids.random(), "because"));

    assertRefused(
        check.judge(new byte[16], other), Reason.MALFORMED_MESSAGE, "FitFailed", "TokenBatch");
  }

  @Test
  void shouldRefuseAbsurdDeclaredSizes() {
    TokenBatch batch = batch("a", "math", tokens(1));
    byte[] bytes = Wire.encode(batch);
    // The length of the source, right after header and id, becomes a varint of 2^31 - 1.
    byte[] absurd = new byte[bytes.length + 4];
    System.arraycopy(bytes, 0, absurd, 0, 26);
    byte[] varint = {(byte) 0xFE, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x0F};
    System.arraycopy(varint, 0, absurd, 26, 5);
    System.arraycopy(bytes, 27, absurd, 31, bytes.length - 27);

    assertRefused(
        check.judge(batch.getId().bytes(), absurd), Reason.MALFORMED_MESSAGE, "2147483647");
  }

  @Test
  void shouldRefuseAHugeMessageBeforeItIsDecoded() {
    byte[] huge = new byte[4 << 20];

    assertRefused(check.judge(new byte[16], huge), Reason.RECORD_TOO_LARGE, "4194304");
  }

  @Test
  void shouldRefuseAKeyThatIsNotTheId() {
    TokenBatch batch = batch("a", "math", tokens(1));

    assertRefused(check.judge(new byte[16], Wire.encode(batch)), Reason.ID_MISMATCH);
  }

  @Test
  void shouldRefuseARecordWithoutAKey() {
    assertRefused(
        check.judge(new byte[0], Wire.encode(batch("a", "math", tokens(1)))), Reason.ID_MISMATCH);
  }

  @Test
  void shouldRefuseAnIdThatIsNotDerivedFromTheDocument() {
    TokenBatch forged =
        TokenBatch.newBuilder(batch("a", "math", tokens(1))).setDocument("b").build();

    assertRefused(judge(forged), Reason.ID_MISMATCH, Ids.hex(Ids.ofRecord("test", "b", 0)));
  }

  @Test
  void shouldRefuseADomainNobodyKnowsAndNameThoseThatAreKnown() {
    assertRefused(
        judge(batch("a", "poetry", tokens(1))), Reason.UNKNOWN_DOMAIN, "poetry", "math, novel");
  }

  @Test
  void shouldNotListThousandsOfLongNamesOfDomains() {
    List<DomainExpert> domains =
        IntStream.range(1000, 6000)
            .mapToObj(i -> new DomainExpert(i + "x".repeat(10_000), "math"))
            .toList();
    RecordCheck many =
        new RecordCheck(
            Batches.fit(),
            new Domains(
                new ExpertsChanged("default", 1, TokenFeatures.EXPERTS, domains),
                TokenFeatures.EXPERTS));
    TokenBatch batch = batch("a", "p".repeat(50_000), tokens(1));

    Verdict verdict = many.judge(batch.getId().bytes(), Wire.encode(batch));

    assertRefused(verdict, Reason.UNKNOWN_DOMAIN, "1000xx", "1019xx", "and 4980 more");
    assertThat(((Verdict.Refused) verdict).detail()).hasSizeLessThan(4096);
  }

  @Test
  void shouldRefuseIdsOfAnotherTokenizer() {
    TokenBatch other =
        TokenBatch.newBuilder(batch("a", "math", tokens(1))).setTokenizer("cd".repeat(32)).build();

    assertRefused(judge(other), Reason.WRONG_TOKENIZER, "cdcd", "abab");
  }

  @Test
  void shouldAcceptIdsOfATokenizerThatNobodyNamed() {
    TokenBatch unknown =
        TokenBatch.newBuilder(batch("a", "math", tokens(1))).setTokenizer("").build();

    assertThat(judge(unknown)).isInstanceOf(Verdict.Accepted.class);
  }

  @Test
  void shouldRefuseARecordWithoutSequences() {
    assertRefused(judge(batch("a", "math")), Reason.EMPTY_BATCH);
  }

  @Test
  void shouldRefuseAnEmptySequenceAmongOthers() {
    assertRefused(
        judge(batch("a", "math", tokens(1), tokens())), Reason.EMPTY_SEQUENCE, "sequence 1");
  }

  @Test
  void shouldRefuseANegativeTokenId() {
    assertRefused(judge(batch("a", "math", tokens(1, -1))), Reason.TOKEN_OUT_OF_VOCABULARY, "-1");
  }

  @Test
  void shouldRefuseAHugeTokenIdEvenWhereItWouldNotCount() {
    assertRefused(
        judge(batch("a", "math", tokens(0, 0, 0, 0, 0, 0, 0, Integer.MAX_VALUE))),
        Reason.TOKEN_OUT_OF_VOCABULARY,
        "2147483647",
        "0 to 99");
  }

  @Test
  void shouldRefuseASequenceAboveTheMaximum() {
    assertRefused(
        judge(batch("a", "math", new int[Batches.MAX_SEQUENCE + 1])),
        Reason.SEQUENCE_TOO_LONG,
        "11",
        "10");
  }

  @Test
  void shouldRefuseARecordAboveTheMaximum() {
    int[] longest = new int[Batches.MAX_SEQUENCE];

    assertRefused(
        judge(batch("a", "math", longest, longest, longest, longest, tokens(1))),
        Reason.RECORD_TOO_LARGE,
        "40");
  }

  @Test
  void shouldRefuseAModelWithoutAnExpertOfTheList() {
    assertThatThrownBy(() -> new Domains(Batches.experts(), List.of(TokenFeatures.EXPERTS.get(0))))
        .isInstanceOf(ExtractorException.class)
        .hasMessageContaining("expert math");
  }

  @Property(tries = 500)
  void shouldGiveAVerdictOnAnyBytes(@ForAll @Size(max = 200) byte[] bytes, @ForAll long seed) {
    byte[] good = Wire.encode(batch("a", "math", tokens(1, 2, 3), tokens(4, 5)));
    Random random = new Random(seed);
    for (int i = 0; i < 3; i++) {
      good[10 + random.nextInt(good.length - 10)] = (byte) random.nextInt();
    }

    assertThat(check.judge(new byte[16], bytes)).isInstanceOf(Verdict.Refused.class);
    // Whatever was broken, the key is not the id's.
    assertThat(check.judge(new byte[16], good)).isInstanceOf(Verdict.Refused.class);
  }
}
