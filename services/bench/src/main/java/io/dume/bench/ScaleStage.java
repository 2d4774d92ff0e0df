package io.dume.bench;

import java.util.List;
import java.util.Optional;

/**
 * What a thread of a service is doing, told by the innermost method on its stack that stands here.
 *
 * @param role the service
 * @param name of the stage
 * @param methods class and method, or class alone
 */
record ScaleStage(Role role, String name, List<String> methods) {
  /** The services whose threads are looked at. */
  enum Role {
    /** The thread that extracts and flushes. */
    WORKER("main"),
    /** The threads of the fold. */
    FOLD(".*fold.*StreamThread-\\d+"),
    /** The thread that reads and publishes, and those that solve layers. */
    SOLVER("dume-solver|.*-layers-\\d+");

    private final String threads;

    Role(String threads) {
      this.threads = threads;
    }

    boolean has(String thread) {
      return thread.matches(threads);
    }
  }

  static final List<ScaleStage> ALL =
      List.of(
          new ScaleStage(
              Role.WORKER, "features", List.of("io.dume.bench.RandomFeatures$Drawn.gram")),
          new ScaleStage(
              Role.WORKER, "round and add", List.of("io.dume.extractor.Accumulator.add")),
          new ScaleStage(Role.WORKER, "send", List.of("io.dume.extractor.Unflushed.send")),
          new ScaleStage(Role.WORKER, "commit", List.of("io.dume.extractor.FlushTransaction.run")),
          new ScaleStage(
              Role.FOLD,
              "write back",
              List.of(
                  "org.apache.kafka.streams.state.internals.NamedCache.evict",
                  "org.apache.kafka.streams.state.internals.NamedCache.flush")),
          new ScaleStage(
              Role.FOLD,
              "commit",
              List.of(
                  "org.apache.kafka.streams.processor.internals.TaskManager.commitTasksAndMaybeUpdateCommittableOffsets")),
          new ScaleStage(Role.FOLD, "stage", List.of("io.dume.topology.fold.Fold.take")),
          new ScaleStage(Role.FOLD, "add", List.of("io.dume.topology.fold.Fold.apply")),
          new ScaleStage(Role.FOLD, "cut", List.of("io.dume.topology.fold.Fold.cut")),
          new ScaleStage(
              Role.FOLD,
              "consume",
              List.of("org.apache.kafka.clients.consumer.KafkaConsumer.poll")),
          new ScaleStage(Role.SOLVER, "factorise", List.of("io.dume.solver.LayerSolver.solve")),
          new ScaleStage(Role.SOLVER, "read", List.of("io.dume.solver.LayerStatisticsReader.read")),
          new ScaleStage(Role.SOLVER, "publish", List.of("io.dume.solver.Publisher.publish")));

  /** Whether one waits for the other side of a connection, and has nothing to do. */
  private static boolean idle(StackTraceElement[] stack) {
    return stack.length == 0
        || (stack[0].getClassName().equals("sun.nio.ch.EPoll")
            && List.of(stack).stream()
                .anyMatch(frame -> frame.getClassName().endsWith(".KafkaConsumer")));
  }

  /**
   * @param stack of a thread of that role, the innermost first
   * @return nothing if it waits, or does what has no name here
   */
  static Optional<ScaleStage> of(Role role, StackTraceElement[] stack) {
    if (idle(stack)) {
      return Optional.empty();
    }
    for (StackTraceElement frame : stack) {
      String method = frame.getClassName() + "." + frame.getMethodName();
      for (ScaleStage stage : ALL) {
        if (stage.role == role && stage.methods.contains(method)) {
          return Optional.of(stage);
        }
      }
    }
    return Optional.empty();
  }
}
