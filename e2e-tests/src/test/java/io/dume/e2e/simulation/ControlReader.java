package io.dume.e2e.simulation;

import io.dume.schemas.control.ControlState;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.Wire;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** Reads the control log into a state, as everybody does. */
final class ControlReader {
  private final Log log;
  private final ControlState state = new ControlState();
  private long position;

  ControlReader(Cluster cluster) {
    this.log = cluster.log(Cluster.CONTROL, 0);
  }

  ControlState state() {
    return state;
  }

  long position() {
    return position;
  }

  /** Reads a few records; false if there was none. */
  boolean read(int most) {
    Log.Batch batch = log.read(position, most);
    batch.entries().forEach(entry -> message(entry).ifPresent(state::apply));
    boolean moved = batch.next() > position;
    position = batch.next();
    return moved;
  }

  void catchUp() {
    read(Integer.MAX_VALUE);
  }

  /** Reads up to an offset. */
  ControlReader to(long offset) {
    for (Log.Entry entry : log.committed()) {
      if (entry.offset() < offset) {
        message(entry).ifPresent(state::apply);
      }
    }
    position = offset;
    return this;
  }

  static Optional<SpecificRecord> message(Log.Entry entry) {
    try {
      return Optional.of(Wire.decode(entry.value()));
    } catch (MalformedMessageException e) {
      // Anybody can write nonsense into a topic; who keeps dead letters says so elsewhere.
      return Optional.empty();
    }
  }
}
