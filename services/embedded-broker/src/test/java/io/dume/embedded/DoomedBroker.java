package io.dume.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * A process of its own that runs a broker, writes acknowledged records and leaves a transaction
 * open, until the test kills it.
 */
final class DoomedBroker {

  private static final String READY = "ready";

  private DoomedBroker() {}

  public static void main(String[] arguments) throws Exception {
    try (EmbeddedBroker broker =
        EmbeddedBroker.start(EmbeddedBrokerConfig.in(Path.of(arguments[0])))) {
      Clients.createTopic(broker.bootstrapServers());
      Clients.send(broker.bootstrapServers(), "acknowledged");
      try (KafkaProducer<String, String> producer =
          Clients.transactional(broker.bootstrapServers(), "doomed")) {
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(Clients.TOPIC, "open"));
        producer.flush();
        System.out.println(READY);
        // Ends by the kill; or by the end of the test, which closes this pipe.
        int end = System.in.read();
        System.exit(end);
      }
    }
  }

  /** Starts the process and returns when its broker serves and its records are written. */
  static Process start(Path dataDirectory) throws IOException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    DoomedBroker.class.getName(),
                    dataDirectory.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = output.readLine(); !READY.equals(line); line = output.readLine()) {
      if (line == null) {
        throw new IOException("the process ended before its broker was ready");
      }
    }
    return process;
  }
}
