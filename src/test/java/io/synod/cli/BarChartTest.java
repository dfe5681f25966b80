package io.synod.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class BarChartTest {
  private static Spread rounds(double... figures) {
    return Spread.of(DoubleStream.of(figures)).orElseThrow();
  }

  @Test
  void aBarIsTheMedianAndItsWhiskerReachesFromTheLowestRoundToTheHighest() {
    assertEquals(new Spread(1, 3, 9), rounds(9, 1, 3));
    assertEquals(new Spread(1, 2.5, 9), rounds(9, 1, 3, 2));
    BarChart chart = new BarChart("rates", /* logarithmic= */ false);
    chart.add("64 outstanding", "one", rounds(100, 300, 200));
    String svg = chart.svg();
    assertTrue(svg.contains(">200</text>"), svg);
    // The axis goes from 0, at 300 from the top, to 500, at 64; the only bar is in the middle.
    double atLowest = y(100);
    double atHighest = y(300);
    assertTrue(svg.contains(String.format("M%.1f %.1fh8", 404.0 - 4, atHighest)), svg);
    assertTrue(svg.contains(String.format("V%.1f", atLowest)), svg);
  }

  private static double y(double value) {
    return 300 - value / 500 * (300 - 64);
  }

  @Test
  void oneRoundHasNoWhiskerAndWhatIsNoFigureNoBar() {
    BarChart chart = new BarChart("rates", /* logarithmic= */ true);
    chart.add("64 outstanding", "one", rounds(100));
    chart.add("64 outstanding", "none", rounds(0, 5));
    String svg = chart.svg();
    assertFalse(svg.contains("<path"), svg);
    assertFalse(svg.contains("none</text>"), svg);
  }
}
