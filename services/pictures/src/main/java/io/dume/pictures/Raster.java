package io.dume.pictures;

import io.dume.pictures.Drawing.Element;
import io.dume.pictures.Drawing.Point;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import javax.imageio.ImageIO;

/** Paints a drawing with the JDK's own means, without a display. */
final class Raster {

  private static final int SCALE = 2;
  private static final int FONT_SIZE = 12;

  private Raster() {}

  static byte[] png(int width, int height, List<Element> elements) {
    System.setProperty("java.awt.headless", "true");
    BufferedImage image =
        new BufferedImage(SCALE * width, SCALE * height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
    graphics.scale(SCALE, SCALE);
    graphics.setColor(Color.WHITE);
    graphics.fill(new Rectangle2D.Double(0, 0, width, height));
    elements.forEach(element -> paint(element, graphics));
    graphics.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(image, "png", bytes)) {
        throw new IllegalStateException("this Java platform cannot write PNG");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("writing a picture to memory", e);
    }
    return bytes.toByteArray();
  }

  private static void paint(Element element, Graphics2D graphics) {
    if (element instanceof Element.Text text) {
      graphics.setColor(Color.decode(text.colour()));
      graphics.setFont(font(text.bold()));
      double wide = graphics.getFontMetrics().stringWidth(text.text());
      double shift =
          switch (text.anchor()) {
            case START -> 0;
            case MIDDLE -> wide / 2;
            case END -> wide;
          };
      graphics.drawString(text.text(), (float) (text.at().x() - shift), (float) text.at().y());
    } else if (element instanceof Element.Upwards text) {
      AffineTransform before = graphics.getTransform();
      graphics.setColor(Color.decode(Drawing.INK));
      graphics.setFont(font(false));
      graphics.translate(text.at().x(), text.at().y());
      graphics.rotate(-Math.PI / 2);
      double wide = graphics.getFontMetrics().stringWidth(text.text());
      graphics.drawString(text.text(), (float) (-wide / 2), 0);
      graphics.setTransform(before);
    } else if (element instanceof Element.Line line) {
      graphics.setColor(Color.decode(line.colour()));
      graphics.setStroke(new BasicStroke((float) line.thickness()));
      graphics.draw(
          new Line2D.Double(line.from().x(), line.from().y(), line.to().x(), line.to().y()));
    } else if (element instanceof Element.Bar bar) {
      graphics.setColor(Color.decode(bar.colour()));
      graphics.fill(
          new Rectangle2D.Double(bar.corner().x(), bar.corner().y(), bar.wide(), bar.high()));
    } else if (element instanceof Element.Dot dot) {
      double r = Drawing.RADIUS;
      graphics.setColor(Color.decode(dot.colour()));
      graphics.fill(new Ellipse2D.Double(dot.at().x() - r, dot.at().y() - r, 2 * r, 2 * r));
    } else if (element instanceof Element.Path path) {
      graphics.setColor(Color.decode(path.colour()));
      graphics.setStroke(new BasicStroke((float) Drawing.STROKE));
      Path2D line = new Path2D.Double();
      for (Point point : path.points()) {
        if (line.getCurrentPoint() == null) {
          line.moveTo(point.x(), point.y());
        } else {
          line.lineTo(point.x(), point.y());
        }
      }
      graphics.draw(line);
    }
  }

  private static Font font(boolean bold) {
    return new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, FONT_SIZE);
  }
}
