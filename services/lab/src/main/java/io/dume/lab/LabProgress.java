package io.dume.lab;

/** Hears of progress, often; what it throws ends the work and comes out of the lab. */
public interface LabProgress {

  /** Says nothing. */
  LabProgress NONE =
      new LabProgress() {
        @Override
        public void passing(String line) {}

        @Override
        public void done(String line) {}
      };

  /**
   * Something goes on.
   *
   * @param line what, for people
   */
  void passing(String line);

  /**
   * Something is done.
   *
   * @param line what, for people
   */
  void done(String line);
}
