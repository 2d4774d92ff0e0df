package io.dume.registry;

import io.dume.schemas.wire.MessageFormat;
import io.dume.schemas.wire.MessageFormats;
import java.util.Map;

/** Brings the format {@code registry}. */
public final class RegistryFormatProvider implements MessageFormats.Provider {
  /** For the service loader. */
  public RegistryFormatProvider() {}

  @Override
  public String name() {
    return "registry";
  }

  @Override
  public MessageFormat open(Map<String, String> settings) {
    return new RegistryFormat(RegistrySettings.of(settings));
  }
}
