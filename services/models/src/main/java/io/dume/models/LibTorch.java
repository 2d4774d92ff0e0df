package io.dume.models;

/**
 * Starts DJL and libtorch the way that everything here needs them, once per JVM.
 *
 * <p>DJL looks for natives on the network unless told not to: it is told not to. The interop pool
 * is not used by a forward pass, so it gets one thread. The number of compute threads stays what
 * {@code ai.djl.pytorch.num_threads} or {@code OMP_NUM_THREADS} say.
 */
final class LibTorch {

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
}
