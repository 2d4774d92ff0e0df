package io.dume.solver;

import io.dume.schemas.message.Cut;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.Fit;
import io.dume.solver.LayerStatisticsReader.Announced;
import io.dume.solver.LayerStatisticsReader.Heartbeat;
import io.dume.solver.LayerStatisticsReader.Sink;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Solves the layers of a cut in parallel, each as soon as it is whole, one thread a layer. At any
 * time there are at most {@code threads} layers being solved and two being put together, in the
 * place where they are then solved: (threads + 2) (d + 1)² doubles outside of the heap with
 * OpenBLAS, twice that on the heap with EJML; while layers are small, 64 MiB being put together.
 * Layers of a cut that was given up count among these until they end, and the next cut waits for
 * them. Where λ is to be chosen the held-out sums come to that, (threads + 2) (d + 1)² doubles on
 * the heap, and a router's floats for each candidate, until the last layer is in. Where EJML fails
 * it takes another (d + 1)² to find the pivot. Owned by one thread.
 */
final class CutSolver implements AutoCloseable {
  private static final long WAIT_MS = 200;

  private final Function<SolveProfile, Factorisation> library;
  private final boolean intercept;
  private final ExecutorService pool;

  /** A permit for each layer that may be solved at the same time, of whatever cut. */
  private final Semaphore free;

  private Workspaces workspaces = new Workspaces(SolveProfile.EJML, 0);

  CutSolver(String name, int threads, boolean intercept) {
    this(name, threads, intercept, SolveProfile::open);
  }

  /**
   * @param intercept whether gates have one
   * @param library opens a factorisation in a profile
   */
  CutSolver(
      String name, int threads, boolean intercept, Function<SolveProfile, Factorisation> library) {
    this.library = library;
    this.intercept = intercept;
    this.free = new Semaphore(threads);
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
   * Checks that a cut of this fit can give a router.
   *
   * @throws UnsolvableException with the reason if not
   */
  static void requireSolvable(Cut cut, Fit fit, LambdaChoice choice) throws UnsolvableException {
    if (cut.getLayers() != fit.getLayers()
        || cut.getWidth() != fit.getWidth()
        || cut.getTileSize() != fit.getTileSize()
        || cut.getFractionBits() != fit.getFractionBits()
        || cut.getStatisticsPartitions() != fit.getStatisticsPartitions()) {
      throw new UnsolvableException("the cut's shape is not that of its fit");
    }
    if (cut.getExperts().isEmpty()) {
      throw new UnsolvableException(
          "the router had no experts yet when the cut was made: ask again when a feature extractor"
              + " has joined");
    }
    CutShape shape = CutShape.of(cut);
    long[] tokens = shape.tokens();
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
    if (choice.value().isEmpty() && !shape.hasHeldOutTokens()) {
      throw new UnsolvableException(
          "λ is to be chosen by held-out tokens, and there are none: feed some documents with"
              + " --held-out, or ask for a λ");
    }
  }

  /**
   * The λ that a cut is to be solved with, or how it is found.
   *
   * @param configured for cuts that ask for nothing
   * @throws UnsolvableException if the cut asks for what can't be
   */
  static LambdaChoice choice(Cut cut, LambdaChoice configured) throws UnsolvableException {
    Optional<Double> asked = cut.getLambda();
    if (asked.isPresent() && cut.getAutoLambda()) {
      throw new UnsolvableException(
          "lambda of %s and auto at once: ask for one of them".formatted(asked.get()));
    }
    if (cut.getAutoLambda()) {
      return LambdaChoice.AUTO;
    }
    try {
      return asked.map(LambdaChoice::fixed).orElse(configured);
    } catch (IllegalArgumentException e) {
      throw new UnsolvableException(e.getMessage());
    }
  }

  /** Reads the layers of a cut, as {@link LayerStatisticsReader#read} does. */
  @FunctionalInterface
  interface Reader {
    void read(
        Cut cut,
        boolean keepHeldOut,
        Supplier<LayerSolver> places,
        Sink<LayerSolver> sink,
        Heartbeat heartbeat,
        Announced announced)
        throws UnsolvableException;
  }

  /**
   * Solves a cut.
   *
   * @param choice λ; if it is to be found the cut must have held-out tokens
   * @param earlier a version before, to compare the cut's tokens with
   * @throws UnsolvableException if a layer can't be had or solved
   */
  CutSolution solve(
      Cut cut,
      LambdaChoice choice,
      Optional<EarlierGates> earlier,
      SolveProfile profile,
      Reader reader,
      Heartbeat heartbeat,
      Announced announced)
      throws UnsolvableException {
    Source source = new Source(cut, reader, heartbeat, announced);
    Optional<EarlierGates> before = earlier.filter(gates -> gates.comparableTo(cut));
    Optional<Double> lambda = choice.value();
    if (lambda.isPresent()) {
      double given = lambda.get();
      return new CutSolution(
          given,
          List.of(),
          layers(
              source,
              profile,
              false,
              layer -> {
                LayerGate gate = layer.place().solve(layer.training(), given).gate();
                return before.map(e -> e.compared(gate, layer.training())).orElse(gate);
              }),
          before);
    }
    return LambdaSearch.choose(
        layers(source, profile, true, layer -> LambdaSearch.trials(layer, before)), before);
  }

  /** Where the layers of a cut come from. */
  private record Source(Cut cut, Reader reader, Heartbeat heartbeat, Announced announced) {}

  /** What is made of a layer, on a thread of the pool. */
  private interface Work<T> {
    T apply(FoldedLayer<LayerSolver> layer) throws UnsolvableException;
  }

  private record Running<T>(int layer, Future<T> result) {}

  /** Reads all layers and does some work on each; the results are in the order of the layers. */
  private <T> List<T> layers(Source source, SolveProfile profile, boolean keepHeldOut, Work<T> work)
      throws UnsolvableException {
    int size = CutShape.of(source.cut).size();
    if (!workspaces.fit(profile, size)) {
      workspaces.close();
      workspaces = new Workspaces(profile, size);
    }
    Workspaces current = workspaces;
    List<LayerSolver> open = new ArrayList<>();
    Deque<Running<T>> running = new ArrayDeque<>();
    SortedMap<Integer, T> results = new TreeMap<>();
    try {
      source.reader.read(
          source.cut,
          keepHeldOut,
          () -> {
            LayerSolver place =
                current.take(() -> new LayerSolver(library.apply(profile), intercept));
            open.add(place);
            return place;
          },
          layer -> {
            acquire(source.heartbeat);
            try {
              while (!running.isEmpty() && running.element().result.isDone()) {
                results.put(running.element().layer, await(running.element(), source.heartbeat));
                running.remove();
              }
            } catch (UnsolvableException | RuntimeException e) {
              free.release();
              throw e;
            }
            open.remove(layer.place());
            running.add(
                new Running<>(
                    layer.training().layer(),
                    pool.submit(
                        () -> {
                          try {
                            return work.apply(layer);
                          } finally {
                            current.giveBack(layer.place());
                            free.release();
                          }
                        })));
          },
          source.heartbeat,
          source.announced);
      while (!running.isEmpty()) {
        results.put(running.element().layer, await(running.element(), source.heartbeat));
        running.remove();
      }
    } finally {
      // Native code can't be interrupted; what still runs ends by itself and is forgotten. Until
      // then it keeps its permit, so that the next cut has no matrices beside those.
      open.forEach(current::giveBack);
    }
    return List.copyOf(results.values());
  }

  private void acquire(Heartbeat heartbeat) throws UnsolvableException {
    try {
      while (!free.tryAcquire(WAIT_MS, TimeUnit.MILLISECONDS)) {
        heartbeat.beat();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AbandonedException("interrupted", e);
    }
  }

  private static <T> T await(Running<T> running, Heartbeat heartbeat) throws UnsolvableException {
    while (true) {
      try {
        return running.result.get(WAIT_MS, TimeUnit.MILLISECONDS);
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

  /** Solvers of one profile and size, kept with their workspace from one layer to the next. */
  private static final class Workspaces {
    private final SolveProfile profile;
    private final int size;
    private final Deque<LayerSolver> idle = new ArrayDeque<>();
    private boolean closed;

    Workspaces(SolveProfile profile, int size) {
      this.profile = profile;
      this.size = size;
    }

    boolean fit(SolveProfile wantedProfile, int wantedSize) {
      return profile.equals(wantedProfile) && size == wantedSize;
    }

    /** One that nobody has, for a layer that begins: the last used, whose memory is warm. */
    synchronized LayerSolver take(Supplier<LayerSolver> another) {
      LayerSolver solver = idle.poll();
      return solver == null ? another.get() : solver;
    }

    synchronized void giveBack(LayerSolver solver) {
      if (closed) {
        solver.close();
      } else {
        idle.push(solver);
      }
    }

    /** Closes all that nobody has; the others are closed when they are given back. */
    synchronized void close() {
      closed = true;
      idle.forEach(LayerSolver::close);
      idle.clear();
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
