package io.dume.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/**
 * How much a command says. Our own services log what they do; libraries only what went wrong. The
 * log goes through the {@link Console}, so that it does not tear a progress line.
 */
final class Verbosity {

  private static final String PLAIN = "%d{HH:mm:ss} %-5level %msg%n%nopex";
  private static final String FULL = "%d{HH:mm:ss.SSS} %-5level [%thread] %logger{36}: %msg%n";

  @Option(
      names = {"-v", "--verbose"},
      description = "Log in detail, libraries included, and show the stack trace of an error.")
  private boolean verbose;

  /** These warn about what is retried, or as it should be on a single node. */
  private static final List<String> QUIET =
      List.of(
          "org.apache.kafka.controller.QuorumController",
          "org.apache.kafka.clients.NetworkClient",
          "org.apache.kafka.clients.producer.internals.Sender",
          "kafka.server.DefaultAutoTopicCreationManager",
          "org.apache.kafka.streams.StreamsConfig",
          "org.apache.kafka.streams.KafkaStreams",
          "org.apache.kafka.streams.processor.internals.StateDirectory");

  boolean verbose() {
    return verbose;
  }

  /** Leaves out what services report of their work. */
  static void onlyWarnings() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      context.getLogger("io.dume").setLevel(Level.WARN);
    }
  }

  /** Sets up logging, unless the user brought a configuration of Logback's own. */
  void apply(Console console) {
    if (System.getProperty("logback.configurationFile") != null
        || !(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      return;
    }
    context.reset();
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.setPattern(verbose ? FULL : PLAIN);
    encoder.start();
    OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();
    appender.setContext(context);
    appender.setEncoder(encoder);
    appender.setOutputStream(new ConsoleStream(console));
    appender.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.addAppender(appender);
    root.setLevel(verbose ? Level.INFO : Level.WARN);
    context.getLogger("io.dume").setLevel(verbose ? Level.DEBUG : Level.INFO);
    if (!verbose) {
      QUIET.forEach(name -> context.getLogger(name).setLevel(Level.ERROR));
    }
  }

  /** Hands each log event, which the encoder writes at once, to the console. */
  private static final class ConsoleStream extends OutputStream {
    private final Console console;

    private ConsoleStream(Console console) {
      this.console = console;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      console.log(new String(bytes, offset, length, StandardCharsets.UTF_8));
    }
  }
}
