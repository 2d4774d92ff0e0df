package io.dume.schemas.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dume.schemas.message.FitFailed;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class WaitingFormatTest {
  private static final FitFailed MESSAGE = new FitFailed(Ids.random(), "because");

  /** Answers after so many failures. */
  private static final class Late implements MessageFormat {
    private int failures;

    Late(int failures) {
      this.failures = failures;
    }

    private void fail() {
      if (failures-- > 0) {
        throw new FormatUnavailableException("down", new IllegalStateException());
      }
    }

    @Override
    public byte[] encode(String topic, SpecificRecord message) {
      fail();
      return Wire.encode(message);
    }

    @Override
    public SpecificRecord decode(byte[] bytes) throws MalformedMessageException {
      fail();
      return Wire.decode(bytes);
    }
  }

  @Test
  void shouldTryAgainUntilItIsAnswered() throws MalformedMessageException {
    byte[] bytes = new Late(3).waiting(() -> false).encode("topic", MESSAGE);

    assertThat(new Late(3).waiting(() -> false).decode(bytes)).isEqualTo(MESSAGE);
  }

  @Test
  void shouldGiveUpWhenStopped() {
    MessageFormat stopped = new Late(1).waiting(() -> true);

    assertThatExceptionOfType(FormatUnavailableException.class)
        .isThrownBy(() -> stopped.encode("topic", MESSAGE));
  }

  @Test
  void shouldNotWaitForAMessageThatIsBroken() {
    MessageFormat waiting = new Late(0).waiting(() -> false);

    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> waiting.decode(new byte[3]));
  }
}
