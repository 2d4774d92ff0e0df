package io.dume.models;

import ai.djl.engine.Engine;

/**
 * Starts DJL and libtorch the way that everything here needs them, once per JVM.
 *
 * <p>DJL looks for natives on the network unless told not to: it is told not to. The interop pool
 * is not used by a forward pass, so it gets one thread. The number of compute threads stays what
 * {@code ai.djl.pytorch.num_threads} or {@code OMP_NUM_THREADS} say; on shared cores set {@code
 * OMP_WAIT_POLICY=PASSIVE} in the environment, or waiting threads spin.
 */
final class LibTorch {

  static final String ENGINE = "PyTorch";
  private static final String INTEROP = "ai.djl.pytorch.num_interop_threads";

  private LibTorch() {}

  /** To be called before the first DJL class is touched; cheap afterwards. */
  static void configure() {
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    if (System.getProperty(INTEROP) == null) {
      System.setProperty(INTEROP, "1");
    }
  }

  static Engine engine() {
    configure();
    return Engine.getEngine(ENGINE);
  }
}
