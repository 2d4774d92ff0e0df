package io.dume.router;

import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.wire.MessageFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A window over the log that remembers the newest whole version of those wanted. */
final class NewestRouter implements Consumer<ConsumerRecord<byte[], byte[]>> {
  private static final Logger LOG = LoggerFactory.getLogger(NewestRouter.class);

  private final RouterAssembler assembler;
  private final Predicate<RouterVersion> wanted;
  private final List<RouterAssembler.Arrival.Incomplete> incomplete = new ArrayList<>();
  private Optional<Router> newest = Optional.empty();

  NewestRouter(String router, MessageFormat format, Predicate<RouterVersion> wanted) {
    this.assembler = new RouterAssembler(router, format, RouterAssembler.MAX_PENDING_BYTES);
    this.wanted = wanted;
  }

  @Override
  public void accept(ConsumerRecord<byte[], byte[]> record) {
    assembler
        .accept(RouterVersionsLog.where(record), RouterVersionsLog.value(record))
        .ifPresent(
            arrival -> {
              if (arrival instanceof RouterAssembler.Arrival.Whole whole) {
                consider(whole.router());
              } else if (arrival instanceof RouterAssembler.Arrival.Incomplete gap) {
                incomplete.add(gap);
              }
            });
  }

  private void consider(Router router) {
    if (wanted.test(router.description())
        && newest.map(n -> router.version() > n.version()).orElse(true)) {
      newest = Optional.of(router);
    }
  }

  Optional<Router> newest() {
    return newest;
  }

  /** Versions that are not whole although the window reaches back far enough. */
  List<RouterAssembler.Arrival.Incomplete> incomplete() {
    return incomplete;
  }

  void warnOfIncomplete() {
    incomplete.forEach(
        gap ->
            LOG.warn(
                "router {} version {} is not delivered: {}",
                gap.version().getRouter(),
                gap.version().getVersion(),
                gap.reason()));
  }

  RouterAssembler assembler() {
    return assembler;
  }
}
