package io.dume.e2e.crash;

import io.dume.e2e.crash.Supervised.Blow;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/** A second instance of a service, which joins and leaves all the time. */
final class Visitor {
  private final Supervised service;
  private final Moments moments;
  private final Tally tally;

  /** Held by whoever needs the visitor to stay, and by the visitor while it is about to leave. */
  private final Semaphore door = new Semaphore(1);

  private volatile boolean over;

  Visitor(Supervised service, Moments moments, Tally tally) {
    this.service = service;
    this.moments = moments;
    this.tally = tally;
  }

  /** Comes and goes until told that it is over. It is there when this returns. */
  void run() throws InterruptedException {
    service.start();
    while (!over) {
      if (moments.coin()) {
        service.awaitReady(Duration.ofSeconds(20));
      }
      moments.pass(500, 12_000);
      door.acquire();
      try {
        Blow blow = moments.coin() ? Blow.KILL : Blow.TERMINATE;
        service.strikeAndHold(blow);
        tally.fault("%s joined and left, %s".formatted(service.name(), blow));
        moments.pass(0, 3_000);
        service.release();
      } finally {
        door.release();
      }
    }
  }

  /** Ends the coming and going. */
  void over() {
    over = true;
  }

  /** What is done while the visitor stays. */
  interface Stay {
    void run() throws InterruptedException;
  }

  /** Does something while the visitor is there and stays. */
  void during(Stay stay) throws InterruptedException {
    door.acquire();
    try {
      service.awaitReady(Duration.ofSeconds(60));
      stay.run();
    } finally {
      door.release();
    }
  }
}
