package io.dume.cli;

import io.dume.models.Device;
import java.nio.file.Path;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Which merged model, and where it computes. */
final class ModelOptions {

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "A merged model, as dume moerge writes it.")
  private Path directory;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "auto",
      description =
          "auto, cpu, cuda or cuda:N; auto takes a CUDA device where there is one. Default:"
              + " ${DEFAULT-VALUE}.")
  private String device;

  Path directory() {
    return directory;
  }

  /** Resolved at each call: ask once. */
  Device device() {
    return Device.resolve(device);
  }

  /**
   * The device for one who starts other things before the model. One that was named may be refused,
   * so it is resolved now. {@code auto} never is: it is resolved when it is asked for, which loads
   * libtorch.
   */
  Supplier<Device> deviceForLater() {
    if (device.strip().equalsIgnoreCase("auto")) {
      return this::device;
    }
    Device named = device();
    return () -> named;
  }
}
