package io.dume.extractor;

import static io.dume.extractor.Batches.batch;
import static io.dume.extractor.Batches.tokens;
import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.control.Membership;
import io.dume.schemas.message.DomainExpert;
import io.dume.schemas.message.ExpertsChanged;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.FitFailed;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import io.dume.schemas.wire.MessageFormat;
import io.dume.schemas.wire.Wire;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RecordCheckTest {
  private static final Fit FIT = Batches.fit();
  private static final Predicate<Id> NEVER = id -> false;

  private final RecordCheck check =
      new RecordCheck(
          FIT,
          Domains.of(Batches.control(FIT, Batches.experts()), FIT.getId()),
          MessageFormat.singleObject());

  private Verdict judge(TokenBatch batch) {
    return judge(check, batch);
  }

  private static Verdict judge(RecordCheck check, TokenBatch batch) {
    int partition = Batches.partition(batch, FIT.getStart().size());
    return check.judge(partition, batch.getId().bytes(), Wire.encode(batch), NEVER);
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

    Membership membership = new Membership("math", TokenFeatures.EXPERTS.get(1).getMlp(), 1);
    Slot slot = Slot.of(membership, "math", false);
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
    assertRefused(
        check.judge(0, new byte[16], new byte[] {1, 2, 3}, NEVER), Reason.MALFORMED_MESSAGE);
  }

  @Test
  void shouldRefuseATombstone() {
    assertRefused(check.judge(0, new byte[16], new byte[0], NEVER), Reason.MALFORMED_MESSAGE);
  }

  @Test
  void shouldRefuseATruncatedRecord() {
    TokenBatch batch = batch("a", "math", tokens(1, 2, 3));
    byte[] whole = Wire.encode(batch);

    Verdict verdict =
        check.judge(0, batch.getId().bytes(), Arrays.copyOf(whole, whole.length - 1), NEVER);

    assertRefused(verdict, Reason.MALFORMED_MESSAGE);
  }

  @Test
  void shouldRefuseAnotherSchemasRecord() {
    byte[] other = Wire.encode(new FitFailed(Ids.random(), "because"));

    assertRefused(
        check.judge(0, new byte[16], other, NEVER),
        Reason.MALFORMED_MESSAGE,
        "FitFailed",
        "TokenBatch");
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
        check.judge(0, batch.getId().bytes(), absurd, NEVER),
        Reason.MALFORMED_MESSAGE,
        "2147483647");
  }

  @Test
  void shouldRefuseAHugeMessageBeforeItIsDecoded() {
    byte[] huge = new byte[4 << 20];

    assertRefused(check.judge(0, new byte[16], huge, NEVER), Reason.RECORD_TOO_LARGE, "4194304");
  }

  @Test
  void shouldRefuseAKeyThatIsNotTheId() {
    TokenBatch batch = batch("a", "math", tokens(1));

    assertRefused(check.judge(0, new byte[16], Wire.encode(batch), NEVER), Reason.ID_MISMATCH);
  }

  @Test
  void shouldRefuseARecordWithoutAKey() {
    assertRefused(
        check.judge(0, new byte[0], Wire.encode(batch("a", "math", tokens(1))), NEVER),
        Reason.ID_MISMATCH);
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
    ExpertsChanged list =
        new ExpertsChanged("default", 1, TokenFeatures.EXPERTS, domains, null, List.of());
    RecordCheck many =
        new RecordCheck(
            FIT, Domains.of(Batches.control(FIT, list), FIT.getId()), MessageFormat.singleObject());
    TokenBatch batch = batch("a", "p".repeat(50_000), tokens(1));

    Verdict verdict = judge(many, batch);

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
  void shouldRefuseARecordInAPartitionThatIsNotItsKeys() {
    TokenBatch batch = batch("a", "math", tokens(1));
    int other = 1 - Batches.partition(batch, 2);

    Verdict verdict = check.judge(other, batch.getId().bytes(), Wire.encode(batch), NEVER);

    assertRefused(verdict, Reason.WRONG_PARTITION, "belongs into partition " + (1 - other));
  }

  @Test
  void shouldPassOverTheDomainsThatTheFitLeavesOut() {
    ExpertsChanged list =
        ExpertsChanged.newBuilder(Batches.experts()).setLeftOut(List.of("poetry")).build();
    RecordCheck chosen =
        new RecordCheck(
            FIT, Domains.of(Batches.control(FIT, list), FIT.getId()), MessageFormat.singleObject());

    assertThat(judge(chosen, batch("a", "poetry", tokens(1)))).isEqualTo(new Verdict.LeftOut());
    assertRefused(judge(chosen, batch("a", "drama", tokens(1))), Reason.UNKNOWN_DOMAIN);
  }

  @Test
  void shouldTellADomainThatWasRemovedFromOneThatNeverWas() {
    ControlState control = Batches.control(FIT, Batches.experts());
    control.apply(
        new ExpertsChanged(
            "default",
            2,
            TokenFeatures.EXPERTS,
            List.of(new DomainExpert("novel", "novel")),
            null,
            List.of()));
    RecordCheck now =
        new RecordCheck(FIT, Domains.of(control, FIT.getId()), MessageFormat.singleObject());

    assertRefused(judge(now, batch("a", "math", tokens(1))), Reason.REMOVED_DOMAIN, "\"math\"");
    assertRefused(judge(now, batch("a", "poetry", tokens(1))), Reason.UNKNOWN_DOMAIN);
  }

  @Test
  void shouldCallARecordWhoseIdIsCountedADuplicateWhateverElseIsInIt() {
    TokenBatch batch = batch("a", "math", tokens(Integer.MAX_VALUE));
    int partition = Batches.partition(batch, 2);

    Verdict verdict =
        check.judge(partition, batch.getId().bytes(), Wire.encode(batch), batch.getId()::equals);

    assertThat(verdict).isEqualTo(new Verdict.Duplicate(batch.getId()));
  }

  @Property(tries = 500)
  void shouldGiveAVerdictOnAnyBytes(@ForAll @Size(max = 200) byte[] bytes, @ForAll long seed) {
    byte[] good = Wire.encode(batch("a", "math", tokens(1, 2, 3), tokens(4, 5)));
    Random random = new Random(seed);
    for (int i = 0; i < 3; i++) {
      good[10 + random.nextInt(good.length - 10)] = (byte) random.nextInt();
    }

    assertThat(check.judge(0, new byte[16], bytes, NEVER)).isInstanceOf(Verdict.Refused.class);
    // Whatever was broken, the key is not the id's.
    assertThat(check.judge(0, new byte[16], good, NEVER)).isInstanceOf(Verdict.Refused.class);
  }
}
