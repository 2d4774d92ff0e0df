package io.dume.schemas.wire;

import java.util.function.BooleanSupplier;
import org.apache.avro.specific.SpecificRecord;

/** {@link Wire} on every topic. */
enum SingleObjectFormat implements MessageFormat {
  INSTANCE;

  @Override
  public byte[] encode(String topic, SpecificRecord message) {
    return Wire.encode(message);
  }

  @Override
  public SpecificRecord decode(byte[] bytes) throws MalformedMessageException {
    return Wire.decode(bytes);
  }

  @Override
  public MessageFormat waiting(BooleanSupplier stopped) {
    return this;
  }
}
