package io.dume.solver;

import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_full;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The native library, loaded once in a process, with one thread. Its bits depend on the number of
 * threads and on the kernels that it picks for the processor (its core type), which the environment
 * variable OPENBLAS_CORETYPE pins if it is set before the process starts.
 */
final class OpenBlas {
  private static final Logger LOG = LoggerFactory.getLogger(OpenBlas.class);

  private OpenBlas() {}

  private static final class Holder {
    private static final Optional<String> CORE_TYPE = load();
  }

  /**
   * Loads the library if it is not loaded yet.
   *
   * @return the core type in use, or nothing if the library can't be loaded on this machine
   */
  static Optional<String> coreType() {
    return Holder.CORE_TYPE;
  }

  private static Optional<String> load() {
    // By default JavaCPP refuses to allocate more than the heap's limit, and anything once the
    // whole process has four times that, which it has where a model library shares the process.
    // Our allocations are bounded by n and the number of threads.
    for (String limit : List.of("maxBytes", "maxPhysicalBytes")) {
      String property = "org.bytedeco.javacpp." + limit;
      if (System.getProperty(property) == null) {
        System.setProperty(property, "0");
      }
    }
    try {
      Loader.load(openblas_full.class);
      openblas_full.openblas_set_num_threads(1);
      try (BytePointer name = openblas_full.openblas_get_corename()) {
        return Optional.of(name.getString());
      }
    } catch (LinkageError e) {
      LOG.info("OpenBLAS can't be loaded on this machine: {}", e.toString());
      return Optional.empty();
    }
  }
}
