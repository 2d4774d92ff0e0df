package io.dume.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * What something took of this process, broker included where it runs here.
 *
 * @param seconds by the clock
 * @param processor seconds of processor time, of all threads together, the compiler's too
 */
record Spent(double seconds, double processor) {
  /** Counts from now on. */
  static final class Meter {
    private final OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final long processorAtStart = system.getProcessCpuTime();
    private final long start = System.nanoTime();

    /** What was spent up to now. */
    Spent read() {
      return read((System.nanoTime() - start) * 1e-9);
    }

    /** The same for something that took its time itself. */
    Spent read(double seconds) {
      return new Spent(seconds, (system.getProcessCpuTime() - processorAtStart) * 1e-9);
    }
  }
}
