package io.dume.bench;

import ai.djl.pytorch.jni.JniUtils;
import java.util.concurrent.Callable;

/** How many threads libtorch computes with, in the whole process. */
final class ComputeThreads {
  private ComputeThreads() {}

  /**
   * Does something with one thread; then there are as many as before.
   *
   * @param work what to do; libtorch must be loaded, so open a model first
   * @return what it gives
   * @throws Exception what it throws
   */
  static <T> T one(Callable<T> work) throws Exception {
    int before = JniUtils.getNumThreads();
    JniUtils.setNumThreads(1);
    try {
      return work.call();
    } finally {
      JniUtils.setNumThreads(before);
    }
  }
}
