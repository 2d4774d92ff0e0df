package io.dume.e2e.hostile;

import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * A record of the fuzzer.
 *
 * @param kind how it was made, for people
 * @param record what is sent
 * @param compression how its batch is compressed: a Kafka name
 * @param refused whether the broker must refuse it
 * @param reasons what dead-letters may say of it; empty for anything
 */
record HostileRecord(
    String kind,
    ProducerRecord<byte[], byte[]> record,
    String compression,
    boolean refused,
    Set<String> reasons) {

  HostileRecord(String kind, ProducerRecord<byte[], byte[]> record, String... reasons) {
    this(kind, record, "none", false, Set.of(reasons));
  }

  HostileRecord refusedByBroker() {
    return new HostileRecord(kind, record, compression, true, reasons);
  }

  HostileRecord compressed(String codec) {
    return new HostileRecord(kind + " in " + codec, record, codec, refused, reasons);
  }

  byte[] value() {
    return record.value() == null ? new byte[0] : record.value();
  }
}
