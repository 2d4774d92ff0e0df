/**
 * The registry wire format: a zero byte, the id of the writer's schema in a schema registry, the
 * binary body. For installations whose other producers and consumers keep their schemas in an
 * Apicurio registry, or in one that speaks its API. {@code dume.serde=registry} chooses it; only
 * token-batches, router-versions and dead-letters are in it.
 *
 * <p>Messages are encoded by Apicurio's serializer. They are decoded by this system's own bounded
 * decoder, and the registry only tells the writer's schema: whoever writes to a topic chooses the
 * id, so a schema is {@linkplain io.dume.schemas.wire.ForeignSchema checked} like any other input,
 * once. What an id stands for is remembered, also where it stands for nothing, and ids that nobody
 * has asked for are looked up at a limited rate: a producer of random ids slows its reader down but
 * makes no more of them than a few requests. A registry that does not answer says nothing about a
 * message: {@link io.dume.schemas.wire.FormatUnavailableException}.
 */
package io.dume.registry;
