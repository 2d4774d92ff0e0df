package io.dume.cli;

import io.dume.feed.TokenBatchFile;
import io.dume.models.SafetensorsWriter;
import io.dume.models.TensorSpec;
import io.dume.models.TensorType;
import io.dume.router.Router;
import io.dume.router.RouterHistory;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.MessageFormat;
import io.dume.solver.CutStatistics;
import io.dume.solver.CutUnavailableException;
import io.dume.solver.LayerStatistics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** One run of {@code dume fit} on an installation that is up. */
final class FitRun {

  /** Records under way to the broker; beyond that, the reader waits. */
  private static final int IN_FLIGHT = 256;

  /** The file holds ids; nobody says which tokenizer made them. */
  private static final String NO_TOKENIZER = "";

  private final Installation installation;
  private final Path model;
  private final Console console;
  private final StopSignal stop;
  private final List<String> setAside = new ArrayList<>();
  private long records;
  private long unreadable;

  FitRun(Installation installation, Path model, Console console, StopSignal stop) {
    this.installation = installation;
    this.model = model;
    this.console = console;
    this.stop = stop;
  }

  int run(Path batches, Path out) throws IOException, InterruptedException {
    feed(batches);
    RouterVersion version;
    try {
      version = solve();
    } finally {
      // What was set aside is often why there is no router.
      collectDeadLetters();
      setAside.forEach(console::note);
    }
    write(version, out);
    long counted = version.getDomains().stream().mapToLong(d -> d.getRecords()).sum();
    long lines = records + unreadable;
    console.note(
        "%d of %d lines counted, %d set aside; router, statistics and version written to %s"
            .formatted(counted, lines, setAside.size(), out));
    return setAside.isEmpty() && counted == lines ? ExitCode.OK : ExitCode.SET_ASIDE;
  }

  /** The version comes last: where it stands, what it describes stands too. */
  private void write(RouterVersion version, Path out) throws IOException {
    Path description = out.resolve("version.json");
    Files.deleteIfExists(description);
    writeStatistics(version, out.resolve("statistics.safetensors"));
    VersionDocument.weights(router(version.getVersion())).write(out.resolve("router.safetensors"));
    ResultFile.write(description, VersionDocument.of(version));
  }

  private void feed(Path batches) throws IOException, InterruptedException {
    var properties =
        installation.kafka().producer(Map.of("client.id", "dume-fit", "linger.ms", "5"));
    properties.put("acks", "all");
    MessageFormat format = installation.kafka().format().waiting(stop::requested);
    properties.put("enable.idempotence", "true");
    properties.put("max.request.size", Integer.toString(Topics.MAX_MESSAGE_BYTES));
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      TokenBatchFile.read(
          batches,
          NO_TOKENIZER,
          new TokenBatchFile.Sink() {
            @Override
            public void batch(TokenBatch batch) throws InterruptedException {
              if (batch.getHeldOut()) {
                setAside(
                    Long.parseLong(batch.getDocument()),
                    "held out: it is kept out of routers, and a fit makes nothing else");
                return;
              }
              sent.add(
                  producer.send(
                      new ProducerRecord<>(
                          installation.topics().tokenBatches(),
                          batch.getId().bytes(),
                          format.encode(installation.topics().tokenBatches(), batch))));
              records++;
              if (sent.size() == IN_FLIGHT) {
                confirm(sent);
              }
              installation.requireWell();
              if (stop.requested()) {
                throw new StoppedException("stopped before all lines were fed");
              }
              console.progress("%d records fed".formatted(records));
            }

            @Override
            public void setAside(long line, String reason) {
              unreadable++;
              setAside.add("line %d set aside: %s".formatted(line, reason));
            }
          });
      confirm(sent);
    }
  }

  private static void confirm(List<Future<RecordMetadata>> sent) throws InterruptedException {
    for (Future<RecordMetadata> record : sent) {
      try {
        record.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException(
            "a token batch could not be sent: " + e.getCause().getMessage(), e.getCause());
      }
    }
    sent.clear();
  }

  private RouterVersion solve() throws InterruptedException {
    return installation.version(
        () -> {
          installation.requireWell();
          var now = installation.snapshot();
          console.progress(
              "%d of %d records extracted, %d tokens"
                  .formatted(
                      now.records() + now.setAside() + now.pendingRecords(),
                      records,
                      now.tokens() + now.pendingTokens()));
          return stop.requested();
        });
  }

  private Router router(long version) {
    try (RouterHistory history =
        RouterHistory.open(installation.kafka(), installation.topics(), installation.router())) {
      return history
          .version(version)
          .orElseThrow(
              () -> new IllegalStateException("version %d can't be read back".formatted(version)));
    }
  }

  private void writeStatistics(RouterVersion version, Path file) throws IOException {
    long n = version.getFit().getWidth() + 1L;
    int experts = version.getExperts().size();
    List<TensorSpec> specs = new ArrayList<>();
    for (int layer = 0; layer < version.getFit().getLayers(); layer++) {
      specs.add(TensorSpec.of(tensor(layer, "A"), TensorType.F64, n, n));
      specs.add(TensorSpec.of(tensor(layer, "b"), TensorType.F64, n, experts));
    }
    try (SafetensorsWriter writer = new SafetensorsWriter(file, specs, Map.of())) {
      new CutStatistics(installation.kafka(), installation.topics())
          .read(
              version.getFit().getId(),
              version.getCut(),
              Duration.ofMinutes(1),
              layer -> write(writer, layer));
      writer.finish();
    } catch (CutUnavailableException e) {
      throw new IllegalStateException("the statistics can't be read back: " + e.getMessage(), e);
    }
  }

  private static void write(SafetensorsWriter writer, LayerStatistics layer) {
    try {
      writer.write(tensor(layer.layer(), "A"), layer.a());
      writer.write(tensor(layer.layer(), "b"), layer.b());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String tensor(int layer, String name) {
    return "layers.%d.%s".formatted(layer, name);
  }

  private void collectDeadLetters() {
    try (DeadLetterLog log =
        new DeadLetterLog(installation.kafka(), installation.topics(), console, stop::requested)) {
      log.readToEnd(
          (offset, letter) ->
              setAside.add(
                  log.tokenBatch(letter)
                      .map(
                          batch ->
                              "line %s set aside: %s: %s"
                                  .formatted(
                                      batch.getDocument(), letter.getReason(), letter.getDetail()))
                      .orElseGet(() -> DeadLettersCommand.line(offset, letter, log))));
    }
  }
}
