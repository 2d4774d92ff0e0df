package io.dume.solver;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Fit;
import io.dume.solver.LayerStatisticsReader.Announced;
import io.dume.solver.LayerStatisticsReader.Heartbeat;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Solves the layers of a cut in parallel, each as soon as it is whole, one thread a layer. At any
 * time there are at most {@code threads} layers being solved and one being put together: (2 threads
 * + 1) (d + 1)² doubles, the factors included. Owned by one thread.
 */
final class CutSolver implements AutoCloseable {
  private static final long WAIT_MS = 200;

  private final int threads;
  private final ExecutorService pool;
  private Workspaces workspaces = new Workspaces(SolveProfile.EJML);

  CutSolver(String name, int threads) {
    this.threads = threads;
    AtomicInteger number = new AtomicInteger();
    this.pool =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, name + "-layers-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Checks that a cut is one of this fit and can give a router.
   *
   * @throws UnsolvableException with the reason if not
   */
  static void requireSolvable(Cut cut, Fit fit, double lambda) throws UnsolvableException {
    if (!cut.getFit().equals(fit.getId())) {
      throw new UnsolvableException("the cut is of another fit than the router's");
    }
    if (cut.getLayers() != fit.getLayers()
        || cut.getWidth() != fit.getWidth()
        || cut.getTileSize() != fit.getTileSize()
        || cut.getFractionBits() != fit.getFractionBits()
        || cut.getStatisticsPartitions() != fit.getStatisticsPartitions()) {
      throw new UnsolvableException("the cut's shape is not that of its fit");
    }
    if (!Double.isFinite(lambda) || lambda < 0) {
      throw new UnsolvableException(
          "lambda of %s: ask for a number that is not negative".formatted(lambda));
    }
    if (cut.getExperts().isEmpty()) {
      throw new UnsolvableException(
          "the router had no experts yet when the cut was made: ask again when a feature extractor"
              + " has joined");
    }
    long[] tokens = CutShape.of(cut).tokens();
    List<String> without = new ArrayList<>();
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] == 0) {
        Expert expert = cut.getExperts().get(i);
        without.add(expert.getName());
      }
    }
    if (!without.isEmpty()) {
      throw new UnsolvableException(
          "no tokens yet for expert %s: feed its domain, or wait until it is folded"
              .formatted(String.join(", ", without)));
    }
  }

  /**
   * Solves a cut.
   *
   * @return the gates in the order of the layers
   * @throws UnsolvableException if a layer can't be had or solved
   */
  List<LayerGate> solve(
      Cut cut,
      double lambda,
      SolveProfile profile,
      LayerStatisticsReader reader,
      Heartbeat heartbeat,
      Announced announced)
      throws UnsolvableException {
    if (!profile.equals(workspaces.profile)) {
      workspaces.close();
      workspaces = new Workspaces(profile);
    }
    Workspaces current = workspaces;
    List<Future<LayerGate>> running = new ArrayList<>();
    List<LayerGate> gates = new ArrayList<>();
    try {
      reader.read(
          cut,
          layer -> {
            while (running.size() >= threads) {
              gates.add(await(running.get(0), heartbeat));
              running.remove(0);
            }
            running.add(pool.submit(() -> current.solve(layer, lambda)));
          },
          heartbeat,
          announced);
      while (!running.isEmpty()) {
        gates.add(await(running.get(0), heartbeat));
        running.remove(0);
      }
    } finally {
      // Native code can't be interrupted; what still runs ends by itself and is forgotten.
      running.forEach(future -> future.cancel(false));
    }
    gates.sort(Comparator.comparingInt(LayerGate::layer));
    return gates;
  }

  private static LayerGate await(Future<LayerGate> future, Heartbeat heartbeat)
      throws UnsolvableException {
    while (true) {
      try {
        return future.get(WAIT_MS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        heartbeat.beat();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AbandonedException("interrupted", e);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof UnsolvableException unsolvable) {
          throw unsolvable;
        }
        throw new IllegalStateException("solving a layer failed: " + e.getCause(), e.getCause());
      }
    }
  }

  /** Solvers of one profile, kept with their workspace from one layer to the next. */
  private static final class Workspaces {
    private final SolveProfile profile;
    private final Queue<LayerSolver> idle = new ConcurrentLinkedQueue<>();

    Workspaces(SolveProfile profile) {
      this.profile = profile;
    }

    LayerGate solve(LayerStatistics layer, double lambda) throws UnsolvableException {
      LayerSolver solver = idle.poll();
      if (solver == null) {
        solver = new LayerSolver(profile.open());
      }
      try {
        return solver.solve(layer, lambda);
      } finally {
        idle.add(solver);
      }
    }

    void close() {
      for (LayerSolver solver = idle.poll(); solver != null; solver = idle.poll()) {
        solver.close();
      }
    }
  }

  @Override
  public void close() {
    pool.shutdown();
    try {
      if (!pool.awaitTermination(1, TimeUnit.MINUTES)) {
        pool.shutdownNow();
      }
    } catch (InterruptedException e) {
      pool.shutdownNow();
      Thread.currentThread().interrupt();
    }
    workspaces.close();
  }
}
