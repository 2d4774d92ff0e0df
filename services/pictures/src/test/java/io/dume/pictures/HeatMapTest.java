package io.dume.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class HeatMapTest {

  private static HeatMap map() {
    return new HeatMap(
        "confusion",
        "rows: whose tokens; columns: where they go",
        new Axis("share of tokens", 0, 1, false),
        "%.2f",
        List.of("novel", "code & more"));
  }

  @Test
  void shouldWriteEachNumberIntoItsCellAndNameRowsAndColumns() {
    String svg =
        map()
            .map("layer 0", new double[][] {{0.9, 0.1}, {0.25, 0.75}})
            .map("layer 1", new double[][] {{1, 0}, {0, 1}})
            .drawing()
            .svg();

    assertThat(svg)
        .contains(">layer 0</text>", ">layer 1</text>", ">confusion</text>")
        .contains(">0.90</text>", ">0.10</text>", ">0.25</text>", ">0.75</text>")
        .contains(">share of tokens</text>");
    assertThat(svg.split(">code &amp; more</text>", -1)).as("twice a matrix").hasSize(1 + 4);
  }

  @Test
  void shouldGoFromLightToDarkAndWriteInWhatCanBeReadThere() {
    String svg = map().map("one", new double[][] {{0, 0.01}, {0.99, 1}}).drawing().svg();

    assertThat(colourOf(svg, "0.00")).isEqualTo("#000000");
    assertThat(colourOf(svg, "1.00")).isEqualTo("#ffffff");
    assertThat(svg).contains("fill=\"#fde725\"", "fill=\"#440154\"");
  }

  private static String colourOf(String svg, String text) {
    Matcher found = Pattern.compile("fill=\"(#\\w+)\">" + text + "</text>").matcher(svg);
    assertThat(found.find()).as(text).isTrue();
    return found.group(1);
  }

  @Test
  void shouldPaintTheSamePicture() throws IOException {
    byte[] png = map().map("one", new double[][] {{1, 1}, {1, 1}}).drawing().png();

    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    int dark = 0;
    for (int x = 0; x < image.getWidth(); x++) {
      for (int y = 0; y < image.getHeight(); y++) {
        dark += (image.getRGB(x, y) & 0xffffff) == 0x440154 ? 1 : 0;
      }
    }
    // Four cells of 82.6 by 26 pixels, twice as large in each direction, less the numbers in them.
    assertThat(dark).isBetween(30_000, 4 * 4 * 83 * 26);
  }

  @Test
  void shouldRefuseAMatrixOfAnotherSize() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> map().map("one", new double[][] {{1, 0}}))
        .withMessageContaining("heat map \"one\": 1 rows for 2 names");
  }
}
