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
   * Puts values of a row as they stand in a tile, on the diagonal or right of it. All of the upper
   * triangle must be put before anything else is asked for.
   *
   * @param row the row
   * @param column where the first value belongs
   * @param fixed holds them, little-endian int64; left as it is
   * @param at the first value's first byte
   * @param count how many, up to the end of the row
   * @param unit the value of 1, a power of two
   */
  void put(int row, int column, byte[] fixed, int at, int count, double unit);
}
