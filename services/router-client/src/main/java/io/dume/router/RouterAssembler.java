package io.dume.router;

import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.CutRefused;
import io.dume.schemas.message.RouterPart;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.MessageFormat;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the versions of one router together from the records of the topic in order. Not thread-safe.
 *
 * <p>Parts wait for their version, so memory could grow with parts whose version never comes: only
 * those of a few versions are kept, and only up to a number of bytes.
 */
final class RouterAssembler {
  private static final Logger LOG = LoggerFactory.getLogger(RouterAssembler.class);
  private static final int MAX_PENDING_VERSIONS = 4;

  /** Of a router's parts, whoever wrote them; never more than a quarter of the heap. */
  static final long MAX_PENDING_BYTES = Math.min(1L << 30, Runtime.getRuntime().maxMemory() / 4);

  /** What a part takes beside its weights, roughly: without it parts of nothing would be free. */
  private static final int PART_BYTES = 64;

  /** What a record completed. */
  sealed interface Arrival {
    /** A verified router. */
    record Whole(Router router) implements Arrival {}

    /** A version that can't be put together from the records seen. */
    record Incomplete(RouterVersion version, String reason) implements Arrival {}

    /** A cut that gave no version. */
    record Refused(CutRefused refusal) implements Arrival {}
  }

  private final String router;
  private final MessageFormat format;
  private final long maxPendingBytes;

  /** The version whose last part came longest ago comes first. */
  private final Map<Long, Map<Integer, ByteBuffer>> pending = new LinkedHashMap<>();

  private long pendingBytes;
  private long malformed;

  RouterAssembler(String router, MessageFormat format, long maxPendingBytes) {
    this.router = router;
    this.format = format;
    this.maxPendingBytes = maxPendingBytes;
  }

  /** Records so far that are no message of this topic. */
  long malformed() {
    return malformed;
  }

  /**
   * Takes the next record.
   *
   * @param where for the log
   * @param value the record's value, empty for a tombstone
   * @return what it completed
   */
  Optional<Arrival> accept(String where, byte[] value) {
    SpecificRecord message;
    try {
      if (value.length > Topics.MAX_MESSAGE_BYTES) {
        throw new MalformedMessageException(
            "%d bytes where at most %d are allowed"
                .formatted(value.length, Topics.MAX_MESSAGE_BYTES));
      }
      message = format.decode(value);
    } catch (MalformedMessageException e) {
      malformed++;
      LOG.warn("{} skipped: {}", where, e.getMessage());
      return Optional.empty();
    }
    if (message instanceof RouterPart part) {
      if (part.getRouter().equals(router) && numbered(where, part.getVersion())) {
        keep(part);
      }
    } else if (message instanceof RouterVersion version) {
      if (version.getRouter().equals(router) && numbered(where, version.getVersion())) {
        return Optional.of(assemble(version));
      }
    } else if (message instanceof CutRefused refusal) {
      if (refusal.getRouter().equals(router)) {
        return Optional.of(new Arrival.Refused(refusal));
      }
    } else {
      malformed++;
      LOG.warn("{} skipped: a {} does not belong here", where, message.getClass().getSimpleName());
    }
    return Optional.empty();
  }

  private boolean numbered(String where, long version) {
    if (version < 1) {
      malformed++;
      LOG.warn("{} skipped: versions begin with 1, this is {}", where, version);
      return false;
    }
    return true;
  }

  private void keep(RouterPart part) {
    Map<Integer, ByteBuffer> parts = pending.remove(part.getVersion());
    if (parts == null) {
      parts = new HashMap<>();
    }
    ByteBuffer replaced = parts.put(part.getPart(), part.getWeights());
    pending.put(part.getVersion(), parts);
    pendingBytes += bytes(part.getWeights()) - (replaced == null ? 0 : bytes(replaced));
    while (pending.size() > MAX_PENDING_VERSIONS || pendingBytes > maxPendingBytes) {
      // Not the lowest: parts of forged high numbers would drive out all that are genuine.
      long oldest = pending.keySet().iterator().next();
      LOG.warn("router {}: parts of version {} wait for it in vain, dropped", router, oldest);
      drop(oldest);
    }
  }

  private void drop(long version) {
    Map<Integer, ByteBuffer> parts = pending.remove(version);
    if (parts != null) {
      parts.values().forEach(weights -> pendingBytes -= bytes(weights));
    }
  }

  private static long bytes(ByteBuffer weights) {
    return weights.remaining() + (long) PART_BYTES;
  }

  private Arrival assemble(RouterVersion version) {
    Map<Integer, ByteBuffer> parts = pending.getOrDefault(version.getVersion(), Map.of());
    ByteArrayOutputStream weights = new ByteArrayOutputStream();
    try {
      for (int part = 0; part < version.getParts(); part++) {
        ByteBuffer bytes = parts.get(part);
        if (bytes == null) {
          return new Arrival.Incomplete(
              version, "part %d of %d is missing".formatted(part, version.getParts()));
        }
        weights.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
      }
      return new Arrival.Whole(Router.of(version, weights.toByteArray()));
    } catch (IllegalArgumentException | ArithmeticException e) {
      return new Arrival.Incomplete(version, e.getMessage());
    } finally {
      drop(version.getVersion());
    }
  }
}
