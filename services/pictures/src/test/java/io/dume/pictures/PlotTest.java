package io.dume.pictures;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PlotTest {

  @Test
  void shouldDrawEachCurveWithItsNameWithinTheAxes() {
    Axis x = new Axis("d", 0, 100, false);
    Axis y = new Axis("ms & more", 0, 10, false);
    List<Plot.Value> values = List.of(new Plot.Value(0, 0), new Plot.Value(100, 10));

    String svg = new Plot("cost", x, y).curve("one <layer>", values).drawing().svg();

    // From the lower left corner of the area to the upper right one.
    assertThat(svg).contains("points=\"80.0,364.0 696.0,40.0\"");
    assertThat(svg).contains(">one &lt;layer&gt;</text>", ">ms &amp; more</text>", ">cost</text>");
    assertThat(svg).containsOnlyOnce("<polyline");
  }

  @Test
  void shouldGiveTheSameBytesForTheSameValues() {
    assertThat(example()).isEqualTo(example());
  }

  @Test
  void shouldPaintTheSamePicture() throws IOException {
    Axis axis = new Axis("d", 0, 100, false);
    List<Plot.Value> values = List.of(new Plot.Value(0, 50), new Plot.Value(100, 50));

    byte[] png = new Plot("cost", axis, axis).curve("flat", values).drawing().png();

    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    assertThat(image.getWidth()).isEqualTo(2 * 720);
    assertThat(image.getHeight()).isEqualTo(2 * 438);
    // On the curve, its colour; in a corner, the ground.
    assertThat(image.getRGB(2 * 200, 2 * 202) & 0xffffff).isEqualTo(0x0969da);
    assertThat(image.getRGB(0, 0) & 0xffffff).isEqualTo(0xffffff);
  }

  private static String example() {
    List<Plot.Value> values = List.of(new Plot.Value(576, 0.3), new Plot.Value(4096, 71.25));
    return new Plot(
            "solve",
            Axis.logarithmic("d", List.of(576.0, 4096.0)),
            Axis.logarithmic("s", List.of(0.3, 71.25)))
        .curve("28 layers", values)
        .drawing()
        .svg();
  }
}
