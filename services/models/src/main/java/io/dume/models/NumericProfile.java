package io.dume.models;

import ai.djl.util.cuda.CudaUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the last bits of a forward pass depend on, besides model and input. Two hosts with equal
 * profiles are expected to compute the same bits.
 *
 * @param device {@code cpu} or {@code cuda}
 * @param instructionSet on a CPU the widest of {@code avx512}, {@code avx2} and {@code default}
 *     that libtorch selects kernels by; on CUDA the compute capability, such as {@code sm_90}
 * @param libtorch the version of libtorch
 */
public record NumericProfile(String device, String instructionSet, String libtorch) {

  /**
   * Which order of operations the forward pass and the Gram matrix have here. Grows by one when a
   * change of them changes last bits, so that no two of a fit's workers differ without anybody
   * knowing.
   */
  public static final int KERNELS = 3;

  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  /** Returns the profile of a device on this host. */
  public static NumericProfile of(Device device) {
    String version = LibTorch.engine().getVersion();
    if (device.kind() == Device.Kind.CUDA) {
      return new NumericProfile(
          "cuda", "sm_" + CudaUtils.getComputeCapability(device.index()), version);
    }
    return new NumericProfile("cpu", cpuInstructionSet(), version);
  }

  private static String cpuInstructionSet() {
    // libtorch lets this variable lower what it found in the processor.
    String lowered = System.getenv("ATEN_CPU_CAPABILITY");
    if (lowered != null) {
      return lowered.toLowerCase(Locale.ROOT);
    }
    if (!Files.isReadable(CPU_INFO)) {
      return "default";
    }
    try {
      return instructionSet(Files.readAllLines(CPU_INFO));
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + CPU_INFO, e);
    }
  }

  /** Applies libtorch's own conditions for its kernels to the lines of {@code /proc/cpuinfo}. */
  static String instructionSet(List<String> cpuInfo) {
    Set<String> flags = new TreeSet<>();
    cpuInfo.stream()
        .filter(line -> line.startsWith("flags"))
        .findFirst()
        .ifPresent(line -> flags.addAll(Arrays.asList(line.split("\\s+"))));
    boolean avx2 = flags.containsAll(List.of("avx2", "fma"));
    if (avx2 && flags.containsAll(List.of("avx512f", "avx512vl", "avx512bw", "avx512dq"))) {
      return "avx512";
    }
    return avx2 ? "avx2" : "default";
  }
}
