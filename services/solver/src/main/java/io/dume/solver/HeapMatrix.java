package io.dume.solver;

/** A on the heap, of which nobody but a reader of values asks anything. */
final class HeapMatrix implements MatrixPlace {
  private double[] a = new double[0];
  private int n;

  @Override
  public void begin(int size) {
    if (size != n) {
      a = new double[size * size];
      n = size;
    }
  }

  @Override
  public void put(int row, int column, byte[] fixed, int at, int count, double unit) {
    FixedValues.convert(fixed, at, count, unit, a, row * n + column);
  }

  void put(int row, int column, double[] values, int from, int count) {
    System.arraycopy(values, from, a, row * n + column, count);
  }

  /** n x n, row-major, of which the upper triangle was put; what comes later changes it. */
  double[] values() {
    return a;
  }
}
