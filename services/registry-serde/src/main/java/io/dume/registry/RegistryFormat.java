package io.dume.registry;

import io.apicurio.registry.resolver.client.RegistryClientFacade;
import io.apicurio.registry.resolver.client.RegistryClientFacadeFactory;
import io.apicurio.registry.resolver.strategy.ArtifactReference;
import io.apicurio.registry.serde.BaseSerde;
import io.apicurio.registry.serde.IdHandler;
import io.apicurio.registry.serde.avro.AvroSerdeConfig;
import io.apicurio.registry.serde.avro.AvroSerializer;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.MessageFormat;
import io.dume.schemas.wire.Wire;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;

/** Zero byte, id of the schema, body; single-object messages are read too. Thread-safe. */
final class RegistryFormat implements MessageFormat {
  private static final byte SINGLE_OBJECT = (byte) 0xC3;

  /** What a message type is on a topic; its schema is registered once. */
  private record Registered(String topic, Class<?> type) {}

  private final AvroSerializer<SpecificRecord> serializer;
  private final IdHandler ids;
  private final RegistryCalls calls;
  private final KnownSchemas schemas;
  private final Map<Registered, byte[]> prefixes = new ConcurrentHashMap<>();

  RegistryFormat(RegistrySettings settings) {
    AvroSerdeConfig config = new AvroSerdeConfig(new HashMap<>(settings.serde()));
    RegistryClientFacade client = RegistryClientFacadeFactory.create(config);
    this.serializer = new AvroSerializer<>(client);
    serializer.configure(config, false);
    BaseSerde<Schema, SpecificRecord> serde = serializer.getSerdeConfigurer();
    this.ids = serde.getIdHandler();
    this.calls = new RegistryCalls(settings.url());
    this.schemas =
        new KnownSchemas(new RegistryLookup(client, serde.getSchemaResolver(), calls), new Pace());
  }

  @Override
  public byte[] encode(String topic, SpecificRecord message) {
    Registered key = new Registered(topic, message.getClass());
    byte[] prefix = prefixes.get(key);
    if (prefix != null) {
      // The registry never gives a schema another id: it need not be asked, or be there, again.
      byte[] body = Wire.encode(message);
      byte[] bytes = Arrays.copyOf(prefix, prefix.length + body.length - Wire.HEADER_BYTES);
      System.arraycopy(
          body, Wire.HEADER_BYTES, bytes, prefix.length, body.length - Wire.HEADER_BYTES);
      return bytes;
    }
    byte[] bytes =
        calls.call(
            "registering the schema of a %s".formatted(message.getClass().getSimpleName()),
            () -> serializer.serializeData(topic, message));
    ByteBuffer buffer = ByteBuffer.wrap(bytes, 1, bytes.length - 1);
    ids.readId(buffer);
    prefixes.put(key, Arrays.copyOf(bytes, buffer.position()));
    return bytes;
  }

  @Override
  public SpecificRecord decode(byte[] bytes) throws MalformedMessageException {
    if (bytes.length > 0 && bytes[0] == SINGLE_OBJECT) {
      return Wire.decode(bytes);
    }
    if (bytes.length == 0 || bytes[0] != BaseSerde.MAGIC_BYTE) {
      throw new MalformedMessageException(
          "neither an Avro single-object message (C3 01) nor one of the registry format (00), %d bytes"
              .formatted(bytes.length));
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes, 1, bytes.length - 1);
    ArtifactReference id;
    try {
      id = ids.readId(buffer);
    } catch (BufferUnderflowException e) {
      throw new MalformedMessageException(
          "%d bytes hold no id of a schema".formatted(bytes.length), e);
    }
    return schemas.of(id).decode(bytes, buffer.position());
  }
}
