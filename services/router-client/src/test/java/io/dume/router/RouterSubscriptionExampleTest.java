package io.dume.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RouterSubscriptionExampleTest {
  private static final Path README = Path.of("../../README.md");
  private static final Path SOURCE =
      Path.of("src/test/java/io/dume/router/SubscriptionExample.java");

  @Test
  void shouldStandInTheReadmeWordForWord() throws IOException {
    // A source archive of this module alone has no README.
    assumeThat(README).exists();

    String readme = Files.readString(README);

    assertThat(readme).contains(example());
  }

  @Test
  void shouldBeShort() throws IOException {
    assertThat(example().lines()).hasSizeLessThanOrEqualTo(10);
  }

  private static String example() throws IOException {
    List<String> lines = Files.readAllLines(SOURCE);
    int begin = lines.indexOf("    // begin of the README's example");
    int end = lines.indexOf("    // end of the README's example");
    assertThat(begin).isPositive().isLessThan(end);
    return lines.subList(begin + 1, end).stream()
        .map(line -> line.substring(4))
        .collect(Collectors.joining("\n"));
  }
}
