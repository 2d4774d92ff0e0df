package io.dume.lab;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an ablation has found: normalised performance for each value that was tried, one curve or
 * several.
 *
 * @param points in the order in which they were tried
 * @param note what a reader must know, such as where the text ended; empty if nothing
 */
record Series(List<Point> points, String note) {

  /**
   * One value tried.
   *
   * @param curve what else was chosen, such as the memory
   * @param label the value, for people
   * @param x the value as a number, or its place in the order where it is none
   * @param mean normalised performance over the domains
   * @param domains normalised performance by domain
   */
  record Point(String curve, String label, double x, double mean, Map<String, Double> domains) {
    Point {
      domains = new LinkedHashMap<>(domains);
    }
  }

  Series {
    points = List.copyOf(points);
  }

  /** Returns the curves in the order in which they began. */
  Map<String, List<Point>> curves() {
    Map<String, List<Point>> curves = new LinkedHashMap<>();
    for (Point point : points) {
      curves.computeIfAbsent(point.curve(), name -> new ArrayList<>()).add(point);
    }
    return curves;
  }

  ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    if (!note.isEmpty()) {
      root.put("note", note);
    }
    ObjectNode all = root.putObject("curves");
    curves()
        .forEach(
            (name, curve) -> {
              ArrayNode values = all.putArray(name);
              for (Point point : curve) {
                ObjectNode node = values.addObject();
                node.put("value", point.label()).put("x", point.x()).put("mean", point.mean());
                ObjectNode domains = node.putObject("domains");
                point.domains().forEach(domains::put);
              }
            });
    return root;
  }
}
