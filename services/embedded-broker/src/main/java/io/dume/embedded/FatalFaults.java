package io.dume.embedded;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.kafka.common.utils.Exit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns Kafka's wish to end the JVM into a report to the brokers that run in it.
 *
 * <p>Kafka's server classes answer a fatal fault with {@link Exit#exit} or {@link Exit#halt}, whose
 * procedures are one for the JVM. Callers expect not to return, so ours throws. Which broker asked
 * is not known; all that are open are told. Once installed the procedures stay: a straggling thread
 * of a broker that was closed must not end the process either.
 */
final class FatalFaults {

  private static final Logger LOG = LoggerFactory.getLogger(FatalFaults.class);
  private static final Set<Consumer<EmbeddedBrokerException>> LISTENERS =
      ConcurrentHashMap.newKeySet();

  private FatalFaults() {}

  static void listen(Consumer<EmbeddedBrokerException> listener) {
    Exit.setExitProcedure(FatalFaults::report);
    Exit.setHaltProcedure(FatalFaults::report);
    LISTENERS.add(listener);
  }

  static void forget(Consumer<EmbeddedBrokerException> listener) {
    LISTENERS.remove(listener);
  }

  private static void report(int status, String message) {
    EmbeddedBrokerException failure =
        new EmbeddedBrokerException(
            "the embedded broker met a fatal fault and asked to end the process with status "
                + status
                + (message == null ? "" : " (" + message + ")")
                + "; see the log above, close it and start again");
    LOG.error("Fatal fault in the embedded broker", failure);
    LISTENERS.forEach(listener -> listener.accept(failure));
    throw failure;
  }
}
