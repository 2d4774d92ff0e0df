package io.dume.models;

import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a model computes.
 *
 * @param kind CPU or CUDA
 * @param index which CUDA device; 0 for the CPU
 */
public record Device(Kind kind, int index) {

  /** The kinds of devices. */
  public enum Kind {
    /** The processor. */
    CPU,
    /** An NVIDIA GPU; needs a build with the {@code cuda} Maven profile. */
    CUDA
  }

  /** The processor. */
  public static final Device CPU = new Device(Kind.CPU, 0);

  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

  /** Checks the index. */
  public Device {
    if (index < 0 || (kind == Kind.CPU && index != 0)) {
      throw new IllegalArgumentException("device index " + index + ": there is no such device");
    }
  }

  /**
   * Resolves what a user asks for: {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}.
   * {@code auto} is the first CUDA device if libtorch can use one, else the CPU; resolve it once
   * and keep the answer, so that one fit stays on one kind of device.
   *
   * @throws IllegalArgumentException if the text is none of these, or names a CUDA device that
   *     libtorch cannot use here: never a silent fallback
   */
  public static Device resolve(String text) {
    String wanted = text.strip().toLowerCase(Locale.ROOT);
    if (wanted.equals("cpu")) {
      return CPU;
    }
    if (wanted.equals("auto")) {
      return cudaDevices() > 0 ? new Device(Kind.CUDA, 0) : CPU;
    }
    Matcher cuda = CUDA.matcher(wanted);
    if (!cuda.matches()) {
      throw new IllegalArgumentException("device = " + text + ": use auto, cpu, cuda or cuda:N");
    }
    int index = cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1));
    int available = cudaDevices();
    if (index >= available) {
      throw new IllegalArgumentException(
          "device = "
              + text
              + ": libtorch sees "
              + available
              + " CUDA devices here (a build without the cuda profile sees none)");
    }
    return new Device(Kind.CUDA, index);
  }

  private static int cudaDevices() {
    Engine engine = LibTorch.engine();
    return engine.hasCapability(StandardCapabilities.CUDA) ? engine.getGpuCount() : 0;
  }

  ai.djl.Device toDjl() {
    return kind == Kind.CPU ? ai.djl.Device.cpu() : ai.djl.Device.gpu(index);
  }

  /** Returns {@code cpu} or {@code cuda:N}, which {@link #resolve} understands. */
  @Override
  public String toString() {
    return kind == Kind.CPU ? "cpu" : "cuda:" + index;
  }
}
