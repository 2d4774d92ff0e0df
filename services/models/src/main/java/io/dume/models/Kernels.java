package io.dume.models;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The functions of {@code kernels.py}, called by name. They are TorchScript because DJL's arrays
 * lack fused attention and indexed addition. They hold no weights: everything is an argument.
 *
 * <p>The graph executor's optimisation is off: it would recompile for every new length, and a fused
 * kernel may round differently from the one that ran before it.
 */
final class Kernels implements AutoCloseable {

  // The block is only valid while its model is reachable.
  private final Model model;
  private final PtSymbolBlock block;

  Kernels(ai.djl.Device device) {
    model = Model.newInstance("kernels", device, "PyTorch");
    try {
      model.load(
          new ByteArrayInputStream(TorchScript.archive("Kernels", "kernels.py")),
          java.util.Map.of());
    } catch (IOException e) {
      model.close();
      throw new UncheckedIOException("reading kernels from memory", e);
    } catch (MalformedModelException e) {
      model.close();
      throw new IllegalStateException("libtorch does not accept kernels.py", e);
    }
    block = (PtSymbolBlock) model.getBlock();
  }

  /**
   * Runs one function.
   *
   * @param owner the manager that will own the result
   * @param arguments arrays, {@link Integer}, {@link Long} or {@link Double}
   */
  NDArray run(String function, NDManager owner, Object... arguments) {
    JniUtils.setGraphExecutorOptimize(false);
    IValue[] values = new IValue[arguments.length];
    try {
      for (int i = 0; i < arguments.length; i++) {
        values[i] = value(arguments[i]);
      }
      try (IValue result = IValueUtils.runMethod(block, function, values)) {
        return result.toTensor((PtNDManager) owner);
      }
    } finally {
      for (IValue value : values) {
        if (value != null) {
          value.close();
        }
      }
    }
  }

  private static IValue value(Object argument) {
    if (argument instanceof NDArray array) {
      return IValue.from((PtNDArray) array);
    }
    if (argument instanceof Double number) {
      return IValue.from(number.doubleValue());
    }
    return IValue.from(((Number) argument).longValue());
  }

  @Override
  public void close() {
    model.close();
  }
}
