package io.dume.topology;

import io.dume.schemas.message.DeadLetter;
import io.dume.schemas.message.FlushManifest;
import io.dume.schemas.message.Id;
import io.dume.schemas.message.SequencerProgress;
import io.dume.schemas.wire.MalformedMessageException;
import io.dume.schemas.wire.StateRecords;
import io.dume.schemas.wire.Wire;
import io.dume.topology.sequencer.SequencerMemory;
import io.dume.topology.sequencer.Submission;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The sequencer's memory in one state store, under keys of a letter and a number or an id. */
record StoredMemory(StoreShelf store) implements SequencerMemory {
  private static final byte CONTROL = 'c';
  private static final byte REQUEST = 'r';
  private static final byte PROGRESS = 'f';
  private static final byte PARKED = 'p';

  private static byte[] key(byte kind, long number) {
    return ByteBuffer.allocate(1 + Long.BYTES).put(kind).putLong(number).array();
  }

  private static long number(byte[] key) {
    return ByteBuffer.wrap(key).getLong(1);
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  @Override
  public void keepControl(long offset, byte[] record) {
    store.put(key(CONTROL, offset), record);
  }

  @Override
  public SortedMap<Long, byte[]> control() {
    SortedMap<Long, byte[]> control = new TreeMap<>();
    store.entries(new byte[] {CONTROL}).forEach(e -> control.put(number(e.key.get()), e.value));
    return control;
  }

  @Override
  public void markRequest(long offset, boolean open) {
    if (open) {
      store.put(key(REQUEST, offset), new byte[0]);
    } else {
      store.delete(key(REQUEST, offset));
    }
  }

  @Override
  public List<Long> openRequests() {
    return store.keys(new byte[] {REQUEST}).stream().map(StoredMemory::number).toList();
  }

  @Override
  public void keepProgress(SequencerProgress progress) {
    store.put(progressKey(progress.getFit()), StateRecords.encode(progress));
  }

  @Override
  public void forgetProgress(Id fit) {
    store.delete(progressKey(fit));
  }

  private static byte[] progressKey(Id fit) {
    return ByteBuffer.allocate(1 + fit.bytes().length).put(PROGRESS).put(fit.bytes()).array();
  }

  @Override
  public List<SequencerProgress> progress() {
    return store.entries(new byte[] {PROGRESS}).stream()
        .map(entry -> StateRecords.decode(entry.value, SequencerProgress.class))
        .toList();
  }

  @Override
  public void park(long number, Submission submission) {
    store.put(key(PARKED, number), Wire.encode(submission.letter()));
  }

  @Override
  public void unpark(long number) {
    store.delete(key(PARKED, number));
  }

  @Override
  public SortedMap<Long, Submission> parked() {
    SortedMap<Long, Submission> parked = new TreeMap<>();
    for (var entry : store.entries(new byte[] {PARKED})) {
      try {
        DeadLetter letter = Wire.decode(entry.value, DeadLetter.class);
        byte[] manifest = letter.getValue().map(StoredMemory::bytes).orElse(new byte[0]);
        parked.put(
            number(entry.key.get()),
            new Submission(Wire.decode(manifest, FlushManifest.class), letter));
      } catch (MalformedMessageException e) {
        throw new IllegalStateException("a manifest that waits is broken", e);
      }
    }
    return parked;
  }
}
