package io.dume.registry;

import io.apicurio.registry.resolver.SchemaResolver;
import io.apicurio.registry.resolver.client.RegistryClientFacade;
import io.apicurio.registry.resolver.strategy.ArtifactReference;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;

/** Finds what an id stands for, by Apicurio's resolver. */
final class RegistryLookup {
  /** No such id; a registry may also find that no id can look like this one. */
  private static final Set<Integer> UNKNOWN = Set.of(400, 404, 410);

  private final RegistryClientFacade client;
  private final SchemaResolver<Schema, SpecificRecord> resolver;
  private final RegistryCalls calls;

  RegistryLookup(
      RegistryClientFacade client,
      SchemaResolver<Schema, SpecificRecord> resolver,
      RegistryCalls calls) {
    this.client = client;
    this.resolver = resolver;
    this.calls = calls;
  }

  /**
   * Asks the registry.
   *
   * @return the schema with those that it refers to, or nothing if the registry has none by this id
   * @throws io.dume.schemas.wire.FormatUnavailableException if the registry does not answer
   * @throws RuntimeException otherwise if it is no Avro schema
   */
  Optional<Schema> find(ArtifactReference id) {
    return calls.call(
        "looking up schema " + KnownSchemas.name(id),
        () ->
            exists(id)
                ? Optional.of(
                    resolver
                        .resolveSchemaByArtifactReference(id)
                        .getParsedSchema()
                        .getParsedSchema())
                : Optional.empty());
  }

  /** Asked first, since the resolver logs each id that it does not find, as an error. */
  private boolean exists(ArtifactReference id) {
    try {
      if (id.getContentId() != null) {
        client.getSchemaByContentId(id.getContentId());
      } else {
        client.getSchemaByGlobalId(id.getGlobalId(), false);
      }
      return true;
    } catch (RuntimeException e) {
      if (RegistryCalls.status(e).filter(UNKNOWN::contains).isPresent()) {
        return false;
      }
      throw e;
    }
  }
}
