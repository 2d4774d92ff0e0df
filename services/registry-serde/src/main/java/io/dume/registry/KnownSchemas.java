package io.dume.registry;

import io.apicurio.registry.resolver.strategy.ArtifactReference;
import io.dume.schemas.kafka.DeadLetters;
import io.dume.schemas.wire.ForeignSchema;
import io.dume.schemas.wire.FormatUnavailableException;
import io.dume.schemas.wire.MalformedMessageException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;

/**
 * What ids stand for, remembered. A schema never changes, so an answer is for good; that there is
 * none holds for a while, since the schema may come. The ids that were asked for last are kept.
 * Thread-safe.
 */
final class KnownSchemas {
  private static final int MOST_KEPT = 10_000;
  private static final Duration UNKNOWN_FOR = Duration.ofSeconds(30);

  private sealed interface Answer {}

  private record Readable(ForeignSchema schema) implements Answer {}

  private record Unreadable(String problem) implements Answer {}

  private record Unknown(long untilNanos) implements Answer {}

  private final RegistryLookup registry;
  private final Pace pace;
  private final Map<String, Answer> answers =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Answer> eldest) {
          return size() > MOST_KEPT;
        }
      };

  KnownSchemas(RegistryLookup registry, Pace pace) {
    this.registry = registry;
    this.pace = pace;
  }

  static String name(ArtifactReference id) {
    return id.getContentId() != null
        ? "contentId " + id.getContentId()
        : "globalId " + id.getGlobalId();
  }

  /**
   * The schema of an id.
   *
   * @throws MalformedMessageException if there is none, or none that may be read here
   * @throws io.dume.schemas.wire.FormatUnavailableException if the registry does not answer
   */
  ForeignSchema of(ArtifactReference id) throws MalformedMessageException {
    String name = name(id);
    Answer answer = kept(name).orElseGet(() -> ask(id, name));
    if (answer instanceof Readable readable) {
      return readable.schema();
    }
    throw new MalformedMessageException(
        answer instanceof Unreadable unreadable
            ? "%s: %s".formatted(name, unreadable.problem())
            : "%s: the schema registry has no such schema".formatted(name));
  }

  private Optional<Answer> kept(String name) {
    synchronized (answers) {
      return Optional.ofNullable(answers.get(name))
          .filter(
              answer ->
                  !(answer instanceof Unknown unknown
                      && unknown.untilNanos() - System.nanoTime() < 0));
    }
  }

  private Answer ask(ArtifactReference id, String name) {
    pace.await();
    Answer answer = answer(id);
    synchronized (answers) {
      answers.put(name, answer);
    }
    return answer;
  }

  private Answer answer(ArtifactReference id) {
    try {
      Optional<Schema> found = registry.find(id);
      if (found.isEmpty()) {
        return new Unknown(System.nanoTime() + UNKNOWN_FOR.toNanos());
      }
      return new Readable(ForeignSchema.of(found.get()));
    } catch (MalformedMessageException e) {
      return new Unreadable(e.getMessage());
    } catch (FormatUnavailableException e) {
      throw e;
    } catch (RuntimeException e) {
      // The resolver wraps what it throws.
      return new Unreadable("no Avro schema: " + DeadLetters.brief(String.valueOf(e.getMessage())));
    }
  }
}
