package io.dume.models;

/**
 * Weights on a device that several models hold; freed when the last of them lets go. Safe for use
 * by several threads.
 */
final class Shared<T> {

  private final T value;
  private final Runnable free;
  private int holders = 1;

  /**
   * Makes it with one holder.
   *
   * @param free what to do when there is none any more
   */
  Shared(T value, Runnable free) {
    this.value = value;
    this.free = free;
  }

  T value() {
    return value;
  }

  /** Adds a holder. */
  synchronized Shared<T> share() {
    if (holders == 0) {
      throw new IllegalStateException("the model is closed");
    }
    holders++;
    return this;
  }

  /** Takes a holder away. */
  synchronized void release() {
    holders--;
    if (holders == 0) {
      free.run();
    }
  }
}
