package io.dume.registry;

import io.apicurio.registry.resolver.config.SchemaResolverConfig;
import io.apicurio.registry.serde.avro.AvroEncoding;
import io.apicurio.registry.serde.avro.AvroSerdeConfig;
import io.apicurio.registry.serde.avro.strategy.TopicRecordIdStrategy;
import io.apicurio.registry.serde.config.SerdeConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * Settings of Apicurio's serializer, checked.
 *
 * @param serde those with {@code apicurio.}, with this format's defaults
 */
record RegistrySettings(Map<String, String> serde) {
  private static final String PREFIX = "apicurio.";

  /**
   * A topic holds several types of messages, so the topic's name alone does not name a schema. A
   * schema in one piece is one that every client can read.
   */
  private static final Map<String, String> DEFAULTS =
      Map.of(
          SchemaResolverConfig.HTTP_ADAPTER, "JDK",
          SchemaResolverConfig.AUTO_REGISTER_ARTIFACT, "true",
          SchemaResolverConfig.AUTO_REGISTER_ARTIFACT_IF_EXISTS, "FIND_OR_CREATE_VERSION",
          SchemaResolverConfig.DEREFERENCE_SCHEMA, "true",
          SerdeConfig.ARTIFACT_RESOLVER_STRATEGY, TopicRecordIdStrategy.class.getName());

  RegistrySettings {
    serde = Map.copyOf(serde);
    String url = serde.getOrDefault(SchemaResolverConfig.REGISTRY_URL, "");
    if (url.isBlank()) {
      throw new IllegalArgumentException(
          "%s is missing: the registry's address, as in http://registry:8080/apis/registry/v3"
              .formatted(SchemaResolverConfig.REGISTRY_URL));
    }
    if (Boolean.parseBoolean(serde.get(SchemaResolverConfig.FIND_LATEST_ARTIFACT))) {
      throw new IllegalArgumentException(
          "%s=true: messages are written in this version's schema, which need not be the latest; leave it out"
              .formatted(SchemaResolverConfig.FIND_LATEST_ARTIFACT));
    }
    String encoding = serde.getOrDefault(AvroSerdeConfig.AVRO_ENCODING, AvroEncoding.BINARY.name());
    if (!encoding.equals(AvroEncoding.BINARY.name())) {
      throw new IllegalArgumentException(
          "%s=%s: messages are read in %s alone; leave it out"
              .formatted(AvroSerdeConfig.AVRO_ENCODING, encoding, AvroEncoding.BINARY.name()));
    }
  }

  static RegistrySettings of(Map<String, String> settings) {
    Map<String, String> serde = new HashMap<>(DEFAULTS);
    settings.forEach(
        (key, value) -> {
          if (key.startsWith(PREFIX)) {
            serde.put(key, value);
          }
        });
    return new RegistrySettings(serde);
  }

  String url() {
    return serde.get(SchemaResolverConfig.REGISTRY_URL);
  }

  /** Names without their values: some of these are passwords. */
  @Override
  public String toString() {
    return "RegistrySettings[url=%s, settings=%s]".formatted(url(), new TreeSet<>(serde.keySet()));
  }
}
