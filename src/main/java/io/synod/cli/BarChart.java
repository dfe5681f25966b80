package io.synod.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Groups of bars as an SVG picture: a group for each label, in it a bar for each series, with its
 * number above it. A bar is as high as the median of the rounds; a line in it reaches from the
 * lowest to the highest of them.
 */
final class BarChart {
  private static final String[] COLOURS = {
    "#9aa5b1", "#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b"
  };
  private static final int WIDTH = 760;
  private static final int HEIGHT = 340;
  private static final int LEFT = 64;
  private static final int RIGHT = 16;
  private static final int TOP = 64;
  private static final int BOTTOM = 40;

  private final String title;
  private final boolean logarithmic;
  private final Map<String, Map<String, Spread>> groups = new LinkedHashMap<>();
  private final List<String> series = new ArrayList<>();

  BarChart(String title, boolean logarithmic) {
    this.title = title;
    this.logarithmic = logarithmic;
  }

  /** Adds a bar. One of which a round is no positive number is left out. */
  void add(String group, String ofSeries, Spread value) {
    if (!(value.lowest() > 0) || Double.isInfinite(value.highest())) {
      return;
    }
    groups.computeIfAbsent(group, unused -> new LinkedHashMap<>()).put(ofSeries, value);
    if (!series.contains(ofSeries)) {
      series.add(ofSeries);
    }
  }

  /** The picture. */
  String svg() {
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
                + " font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">%n",
            WIDTH,
            HEIGHT,
            WIDTH,
            HEIGHT));
    out.append(
        String.format(
            Locale.ROOT, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>%n", WIDTH, HEIGHT));
    text(out, LEFT, 22, "start\" font-size=\"15\" font-weight=\"bold", title);
    legend(out);
    axis(out);
    draw(out);
    return out.append("</svg>\n").toString();
  }

  private void legend(StringBuilder out) {
    int x = LEFT;
    for (int i = 0; i < series.size(); i++) {
      out.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%d\" y=\"34\" width=\"11\" height=\"11\" fill=\"%s\"/>%n",
              x,
              colour(i)));
      text(out, x + 16, 44, "start", series.get(i));
      x += 34 + 7 * series.get(i).length();
    }
  }

  private static String colour(int place) {
    return COLOURS[place % COLOURS.length];
  }

  private double highest() {
    return bars().mapToDouble(Spread::highest).max().orElse(0);
  }

  private double lowest() {
    return bars().mapToDouble(Spread::lowest).min().orElse(highest());
  }

  private Stream<Spread> bars() {
    return groups.values().stream().flatMap(group -> group.values().stream());
  }

  /** Where the axis begins: at nothing, or below the lowest power of ten that is needed. */
  private double bottom() {
    return logarithmic ? Math.pow(10, Math.floor(Math.log10(lowest()) - 0.05)) : 0;
  }

  private double top() {
    return logarithmic ? Math.pow(10, Math.ceil(Math.log10(highest()) + 0.05)) : step() * 5;
  }

  /** A round number of which five reach over the highest bar. */
  private double step() {
    double raw = highest() * 1.05 / 5;
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    for (double round : new double[] {1, 2, 2.5, 5}) {
      if (round * power >= raw) {
        return round * power;
      }
    }
    return 10 * power;
  }

  private double y(double value) {
    double share =
        logarithmic ? Math.log10(value / bottom()) / Math.log10(top() / bottom()) : value / top();
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP);
  }

  private void axis(StringBuilder out) {
    if (groups.isEmpty()) {
      return;
    }
    double from = bottom();
    for (double mark = from;
        mark <= top() * 1.0001;
        mark = logarithmic ? mark * 10 : mark + step()) {
      out.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>%n",
              LEFT,
              WIDTH - RIGHT,
              y(mark),
              y(mark)));
      text(out, LEFT - 6, y(mark) + 4, "end", number(mark));
    }
  }

  private void draw(StringBuilder out) {
    double groupWidth = (WIDTH - LEFT - RIGHT) / (double) Math.max(1, groups.size());
    double barWidth = Math.min(56, groupWidth * 0.84 / Math.max(1, series.size()));
    int place = 0;
    for (Map.Entry<String, Map<String, Spread>> group : groups.entrySet()) {
      double middle = LEFT + groupWidth * (place + 0.5);
      double x = middle - barWidth * group.getValue().size() / 2;
      for (Map.Entry<String, Spread> bar : group.getValue().entrySet()) {
        Spread rounds = bar.getValue();
        double y = y(rounds.median());
        out.append(
            String.format(
                Locale.ROOT,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>%n",
                x + 1,
                y,
                barWidth - 2,
                HEIGHT - BOTTOM - y,
                colour(series.indexOf(bar.getKey()))));
        whisker(out, x + barWidth / 2, rounds);
        text(
            out,
            x + barWidth / 2,
            y(rounds.highest()) - 4,
            "middle\" font-size=\"10",
            number(rounds.median()));
        x += barWidth;
      }
      text(out, middle, HEIGHT - BOTTOM + 18, "middle", group.getKey());
      place++;
    }
  }

  /** From the lowest to the highest round, if there are several. */
  private void whisker(StringBuilder out, double x, Spread rounds) {
    if (rounds.highest() > rounds.lowest()) {
      double high = y(rounds.highest());
      double low = y(rounds.lowest());
      out.append(
          String.format(
              Locale.ROOT,
              "<path d=\"M%.1f %.1fh8m-4 0V%.1fm-4 0h8\" fill=\"none\" stroke=\"#222\"/>%n",
              x - 4,
              high,
              low));
    }
  }

  private static void text(StringBuilder out, double x, double y, String anchor, String text) {
    out.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
            x,
            y,
            anchor,
            text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")));
  }

  /** With three digits that count. */
  private static String number(double value) {
    if (value >= 10_000) {
      return String.format(Locale.ROOT, "%.3gk", value / 1e3).replaceFirst("\\.0+k$", "k");
    }
    String text =
        String.format(Locale.ROOT, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
    return text.contains(".") ? text.replaceFirst("0+$", "").replaceFirst("\\.$", "") : text;
  }
}
