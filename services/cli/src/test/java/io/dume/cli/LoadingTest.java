package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LoadingTest {

  private static final class Thing implements AutoCloseable {
    private final CountDownLatch closed = new CountDownLatch(1);

    @Override
    public void close() {
      closed.countDown();
    }
  }

  @Test
  void shouldOpenAllAndCloseThemWithIt() throws Exception {
    Loading<Thing> loading = Loading.start("test", 2, Thing::new);
    List<Thing> things = loading.await();

    loading.close();

    assertThat(things).hasSize(2).allMatch(thing -> thing.closed.getCount() == 0);
  }

  @Test
  void shouldNotWaitForOneThatIsOnItsWayAndBeginNoMore() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    Thing thing = new Thing();
    Loading<Thing> loading =
        Loading.start(
            "test",
            2,
            () -> {
              calls.incrementAndGet();
              begun.countDown();
              go.await();
              return thing;
            });
    begun.await();

    loading.close();

    go.countDown();
    assertThat(thing.closed.await(20, TimeUnit.SECONDS)).as("closed on arrival").isTrue();
    assertThatThrownBy(loading::await).hasMessageContaining("closed while it loaded");
    assertThat(calls).hasValue(1);
  }

  @Test
  void shouldCloseThoseThatAreOpenWhereOneFails() throws Exception {
    Thing first = new Thing();
    AtomicInteger calls = new AtomicInteger();
    Loading<Thing> loading =
        Loading.start(
            "test",
            2,
            () -> {
              if (calls.getAndIncrement() == 0) {
                return first;
              }
              throw new IOException("no more");
            });
    assertThatThrownBy(loading::await).isInstanceOf(IOException.class).hasMessage("no more");

    loading.close();

    assertThat(first.closed.getCount()).isZero();
  }
}
