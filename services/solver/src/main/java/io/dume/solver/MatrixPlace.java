package io.dume.solver;

/** Where A of one layer is put together, value by value as its tiles come. Not thread-safe. */
interface MatrixPlace {
  /**
   * Begins a matrix; what was put before is gone.
   *
   * @param n the size, 1 to 46340
   */
  void begin(int n);

  /**
   * Puts values of a row, on the diagonal or right of it. All of the upper triangle must be put
   * before anything else is asked for.
   *
   * @param row the row
   * @param column where the first value belongs
   * @param values holds them; left as it is
   * @param from the first value's index
   * @param count how many, up to the end of the row
   */
  void put(int row, int column, double[] values, int from, int count);
}
