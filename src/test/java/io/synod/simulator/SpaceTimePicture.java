package io.synod.simulator;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A run as a space-time picture: servers as lanes, messages as arrows, crashes, faults and
 * coordinators on the lanes, and the window in which the failure shows. One page of HTML with an
 * SVG; whatever is pointed at says what it is.
 */
final class SpaceTimePicture {
  private static final int LANE = 110;
  private static final int TOP = 90;
  private static final int LEFT = 60;
  private static final Pattern BALLOT = Pattern.compile("ballot=(b\\d+\\.\\d+)");

  private final Swarm swarm;
  private final Simulate.Run.Result result;
  private final long fromNanos;
  private final long toNanos;
  private final double nanosPerPixel;
  private final StringBuilder svg = new StringBuilder();

  SpaceTimePicture(Swarm swarm, Simulate.Run.Result result, long windowNanos) {
    this.swarm = swarm;
    this.result = result;
    long end = result.outcome().simulatedNanos();
    long from = Math.max(0, end - windowNanos);
    if (result.failure().orElse(null) instanceof Violation violation && violation.toNanos() > 0) {
      from = Math.max(0, violation.fromNanos() - windowNanos / 4);
      end = Math.min(end, violation.toNanos() + windowNanos / 4);
    }
    this.fromNanos = from;
    this.toNanos = Math.max(end, from + 1);
    this.nanosPerPixel = Math.max(2_000, (toNanos - fromNanos) / 12_000.0);
  }

  private double x(long nanos) {
    return LEFT + (nanos - fromNanos) / nanosPerPixel;
  }

  private static double y(int server) {
    return TOP + server * (double) LANE;
  }

  private boolean isInside(long nanos) {
    return nanos >= fromNanos && nanos <= toNanos;
  }

  String html() {
    List<Trace.Event> events = result.outcome().trace();
    double width = x(toNanos) + 40;
    double height = y(swarm.servers) + 20;
    lanes();
    acting(events);
    messages(events);
    marks(events);
    failingWindow(height);
    return """
        <!DOCTYPE html><html><head><meta charset="utf-8"/><title>seed %d</title><style>
        body{font:13px sans-serif;margin:16px;background:#fff;color:#222}
        svg{border:1px solid #ccc} text{font:11px sans-serif} .lane{stroke:#999;stroke-width:1}
        .lost{stroke-dasharray:3 3} line:hover,path:hover,circle:hover{stroke-width:4}
        pre{background:#f4f4f4;padding:8px;white-space:pre-wrap}</style></head><body>
        <h2>Seed %d</h2><p>%s</p><pre>%s</pre>
        <p>Time goes to the right, from %.3f to %.3f ms. Thick lanes: a server prepares (pale) or
        coordinates (full), in the colour of its ballot. Lines: messages (dashed: lost), in the
        colour of their ballot, grey without one. Crosses: crashes; dots: starts; squares: faults;
        ticks: slots applied.</p>
        <div style="overflow:auto"><svg width="%.0f" height="%.0f">%s</svg></div></body></html>
        """
        .formatted(
            swarm.seed,
            swarm.seed,
            escape(swarm.toString()),
            escape(result.failure().map(Throwable::toString).orElse("nothing was wrong")),
            fromNanos / 1e6,
            toNanos / 1e6,
            width,
            height,
            svg);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private void add(String format, Object... arguments) {
    svg.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }

  private void lanes() {
    for (int server = 0; server < swarm.servers; server++) {
      add(
          "<line class='lane' x1='%d' y1='%.0f' x2='%.0f' y2='%.0f'/><text x='10' y='%.0f'>s%d</text>",
          LEFT, y(server), x(toNanos), y(server), y(server) + 4, server);
    }
    long step = Math.max(1, (toNanos - fromNanos) / 20);
    for (long at = fromNanos; at <= toNanos; at += step) {
      add("<text x='%.0f' y='20' fill='#888'>%.2f</text>", x(at), at / 1e6);
    }
  }

  private static String colour(String ballot) {
    return "hsl(" + Math.floorMod(ballot.hashCode() * 0x9E3779B9, 360) + ",75%,42%)";
  }

  private static String ballotIn(String detail) {
    Matcher matcher = BALLOT.matcher(detail);
    return matcher.find() ? matcher.group(1) : "";
  }

  /** Who prepares and coordinates, and when. */
  private void acting(List<Trace.Event> events) {
    Map<Integer, Trace.Event> open = new HashMap<>();
    for (Trace.Event event : events) {
      boolean begins = event.detail().startsWith("Campaigning");
      boolean wins =
          event.detail().startsWith("CoordinatorChosen")
              && ballotIn(event.detail()).endsWith("." + event.server());
      boolean ends = event.kind() == Trace.Kind.CRASH || event.detail().startsWith("SteppedDown");
      if (begins || wins || ends) {
        Trace.Event since = open.remove(event.server());
        if (since != null) {
          band(since, event.nanos());
        }
        if (!ends) {
          open.put(event.server(), event);
        }
      }
    }
    open.values().forEach(since -> band(since, toNanos));
  }

  private void band(Trace.Event since, long until) {
    long from = Math.max(fromNanos, since.nanos());
    long to = Math.min(toNanos, until);
    if (to > from) {
      String ballot = ballotIn(since.detail());
      boolean wins = since.detail().startsWith("CoordinatorChosen");
      add(
          "<line x1='%.1f' y1='%.0f' x2='%.1f' y2='%.0f' stroke='%s' stroke-width='9'"
              + " opacity='%s'><title>%s</title></line>",
          x(from),
          y(since.server()),
          x(to),
          y(since.server()),
          colour(ballot),
          wins ? "0.7" : "0.25",
          escape(since.detail()));
    }
  }

  private void messages(List<Trace.Event> events) {
    Map<Long, Trace.Event> sent = new HashMap<>();
    for (Trace.Event event : events) {
      switch (event.kind()) {
        case SEND -> sent.put(event.number(), event);
        case RECEIVE -> message(sent.get(event.number()), event, false);
        case LOST -> message(sent.get(event.number()), event, true);
        default -> {}
      }
    }
  }

  private void message(Trace.@Nullable Event from, Trace.Event to, boolean lost) {
    if (from == null || !(isInside(from.nanos()) || isInside(to.nanos()))) {
      return;
    }
    String ballot = ballotIn(from.detail());
    add(
        "<line class='%s' x1='%.1f' y1='%.0f' x2='%.1f' y2='%.0f' stroke='%s'>"
            + "<title>%s%s</title></line>",
        lost ? "lost" : "message",
        x(from.nanos()),
        y(from.server()),
        x(to.nanos()),
        lost ? (y(from.server()) + y(to.server())) / 2 : y(to.server()),
        ballot.isEmpty() ? "#bbb" : colour(ballot),
        escape(from.detail()),
        lost ? " lost: " + escape(to.detail()) : "");
  }

  private void marks(List<Trace.Event> events) {
    List<Trace.Event> inside = new ArrayList<>(events);
    inside.removeIf(event -> !isInside(event.nanos()));
    for (Trace.Event event : inside) {
      double x = x(event.nanos());
      double y = event.server() < 0 ? TOP - 45 : y(event.server());
      String title = escape(event.detail());
      switch (event.kind()) {
        case CRASH ->
            add(
                "<path d='M%.1f %.0fl12 12m0 -12l-12 12' stroke='#c00' stroke-width='3'>"
                    + "<title>crash: %s</title></path>",
                x - 6, y - 6, title);
        case START ->
            add(
                "<circle cx='%.1f' cy='%.0f' r='5' fill='#0a0'><title>start: %s</title></circle>",
                x, y, title);
        case FAULT, PHASE ->
            add(
                "<rect x='%.1f' y='%.0f' width='7' height='7' fill='#d60'><title>%s</title></rect>",
                x, y - 3, title);
        case APPLIED ->
            add(
                "<line x1='%.1f' y1='%.0f' x2='%.1f' y2='%.0f' stroke='#000'>"
                    + "<title>applied %d %s</title></line>",
                x, y - 8, x, y + 8, event.number(), title);
        default -> {}
      }
    }
  }

  private void failingWindow(double height) {
    if (result.failure().orElse(null) instanceof Violation violation && violation.toNanos() > 0) {
      add(
          "<rect x='%.1f' y='30' width='%.1f' height='%.0f' fill='#f00' opacity='0.07'>"
              + "<title>the failing window</title></rect>",
          x(violation.fromNanos()),
          Math.max(2, (violation.toNanos() - violation.fromNanos()) / nanosPerPixel),
          height - 40);
    }
  }
}
