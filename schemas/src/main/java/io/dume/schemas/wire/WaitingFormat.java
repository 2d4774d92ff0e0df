package io.dume.schemas.wire;

import java.util.function.BooleanSupplier;
import org.apache.avro.specific.SpecificRecord;

/** Tries again for as long as it takes; a format paces and reports its attempts itself. */
record WaitingFormat(MessageFormat format, BooleanSupplier stopped) implements MessageFormat {

  @Override
  public byte[] encode(String topic, SpecificRecord message) {
    while (true) {
      try {
        return format.encode(topic, message);
      } catch (FormatUnavailableException e) {
        requireGoOn(e);
      }
    }
  }

  @Override
  public SpecificRecord decode(byte[] bytes) throws MalformedMessageException {
    while (true) {
      try {
        return format.decode(bytes);
      } catch (FormatUnavailableException e) {
        requireGoOn(e);
      }
    }
  }

  private void requireGoOn(FormatUnavailableException e) {
    if (stopped.getAsBoolean() || Thread.currentThread().isInterrupted()) {
      throw e;
    }
  }
}
