package io.dume.bench;

import java.io.IOException;
import java.io.InputStream;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How fast the parts are, as a plan needs it. Immutable.
 *
 * @param extraction floating-point operations a second of one thread of a worker
 * @param fold bytes a second that one thread of an accumulator folds
 * @param consume bytes a second of a consumer that does nothing else
 * @param changelog changelog bytes per folded byte, with a record cache of the size that is planned
 * @param solve seconds of one layer on one core
 * @param solveRows n of the layer that took so long
 * @param restore seconds to restore a byte of state
 */
public record Rates(
    Rate extraction,
    Rate fold,
    Rate consume,
    Rate changelog,
    Rate solve,
    int solveRows,
    Rate restore) {

  /** Where the figures are from that a file does not have. */
  public static final String REFERENCE = "reference run";

  private static final String RESOURCE = "reference.json";
  private static final String EXTRACTION = "extraction, float64 Gram, one thread";
  private static final String FOLD =
      "fold, staged, sequenced, exactly once, 8 folds a tile between commits";
  private static final String CHANGELOG = "changelog bytes per folded byte";
  private static final String RESTORE = "restore after a lost state directory";
  private static final Pattern SOLVE = Pattern.compile("solve, n = (\\d{1,6}), .*");

  /**
   * One rate and where it comes from.
   *
   * @param value in base units: operations, bytes and seconds
   * @param origin for people
   */
  public record Rate(double value, String origin) {
    public Rate {
      if (!(value > 0)) {
        throw new IllegalArgumentException(
            "a rate of %s (%s): it must be above zero; measure again".formatted(value, origin));
      }
    }
  }

  /**
   * The rates of the reference run that comes with the program.
   *
   * @return rates of two shared cores
   * @throws IOException if the program is damaged
   */
  public static Rates reference() throws IOException {
    return of(Map.of(), REFERENCE);
  }

  /**
   * The rates of a run; what it did not measure is taken from the reference run.
   *
   * @param figures as {@link FigureFile#read} gives them
   * @param origin where they are from, for people
   * @return the rates
   * @throws IOException if the program is damaged
   */
  public static Rates of(Map<String, FigureFile.Value> figures, String origin) throws IOException {
    Source own = new Source(figures, origin);
    Source reference = new Source(reference(RESOURCE), REFERENCE);
    Solve solve = own.solve().or(reference::solve).orElseThrow(() -> damaged("solve"));
    return new Rates(
        first(own.value(EXTRACTION, 1e9), reference.value(EXTRACTION, 1e9), EXTRACTION),
        first(own.value(FOLD, 1e6), reference.value(FOLD, 1e6), FOLD),
        first(own.floor(FOLD, 1e6), reference.floor(FOLD, 1e6), FOLD),
        first(own.value(CHANGELOG, 1), reference.value(CHANGELOG, 1), CHANGELOG),
        solve.rate(),
        solve.rows(),
        first(own.value(RESTORE, 1e-9), reference.value(RESTORE, 1e-9), RESTORE));
  }

  /**
   * Another rate of extraction, as of a worker on a GPU.
   *
   * @param rate operations a second
   * @return a copy with that rate
   */
  public Rates withExtraction(Rate rate) {
    return new Rates(rate, fold, consume, changelog, solve, solveRows, restore);
  }

  private static Rate first(Optional<Rate> own, Optional<Rate> reference, String name) {
    return own.or(() -> reference).orElseThrow(() -> damaged(name));
  }

  private static IllegalStateException damaged(String name) {
    return new IllegalStateException(
        "the reference run lacks the figure \"%s\": this build is damaged".formatted(name));
  }

  private static Map<String, FigureFile.Value> reference(String resource) throws IOException {
    try (InputStream stream = Rates.class.getResourceAsStream(resource)) {
      if (stream == null) {
        throw new IOException("the resource " + resource + " is missing from this build");
      }
      return FigureFile.read(stream, resource);
    }
  }

  private record Solve(int rows, Rate rate) {}

  private record Source(Map<String, FigureFile.Value> figures, String origin) {
    Optional<Rate> value(String name, double scale) {
      return Optional.ofNullable(figures.get(name)).map(f -> new Rate(scale * f.value(), origin));
    }

    Optional<Rate> floor(String name, double scale) {
      return Optional.ofNullable(figures.get(name))
          .filter(f -> f.floor().isPresent())
          .map(f -> new Rate(scale * f.floor().getAsDouble(), origin));
    }

    /** The largest layer: closest to what is worth planning. */
    Optional<Solve> solve() {
      return figures.entrySet().stream()
          .map(figure -> Map.entry(SOLVE.matcher(figure.getKey()), figure.getValue()))
          .filter(figure -> figure.getKey().matches())
          .map(figure -> solve(figure.getKey(), figure.getValue()))
          .max(Comparator.comparingInt(Solve::rows));
    }

    private Solve solve(Matcher name, FigureFile.Value milliseconds) {
      return new Solve(
          Integer.parseInt(name.group(1)), new Rate(1e-3 * milliseconds.value(), origin));
    }
  }
}
