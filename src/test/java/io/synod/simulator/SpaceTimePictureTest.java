package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class SpaceTimePictureTest {
  private static final long WINDOW = 500 * Swarm.MILLI;

  /** What was drawn, parsed: XML is stricter than HTML. */
  private static final class Drawn {
    final Element page;
    private final List<Element> elements = new ArrayList<>();

    Drawn(Swarm swarm, List<Trace.Event> events, Optional<Throwable> failure) throws Exception {
      long end = events.get(events.size() - 1).nanos();
      Outcome outcome = new Outcome(0, events.size(), end, 0, new Coverage(), events);
      String html =
          new SpaceTimePicture(swarm, new Simulate.Run.Result(outcome, failure), WINDOW).html();
      page =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new InputSource(new StringReader(html)))
              .getDocumentElement();
      collect(page);
    }

    private void collect(Element element) {
      elements.add(element);
      for (Node each = element.getFirstChild(); each != null; each = each.getNextSibling()) {
        if (each instanceof Element inner) {
          collect(inner);
        }
      }
    }

    List<Element> all(String tag, Predicate<Element> which) {
      return elements.stream()
          .filter(element -> element.getTagName().equals(tag) && which.test(element))
          .toList();
    }

    List<Element> lines(String kind) {
      return all("line", line -> line.getAttribute("class").equals(kind));
    }

    /** Who prepared or coordinated. */
    List<Element> bands() {
      return all("line", line -> line.getAttribute("stroke-width").equals("9"));
    }

    List<Element> failingWindows() {
      return all("rect", rect -> title(rect).equals("the failing window"));
    }

    /** Where the lane of a server is. */
    String lane(int server) {
      return lines("lane").get(server).getAttribute("y1");
    }
  }

  private static String title(Element element) {
    NodeList titles = element.getElementsByTagName("title");
    return titles.getLength() == 0 ? "" : titles.item(0).getTextContent();
  }

  private static double number(Element element, String attribute) {
    return Double.parseDouble(element.getAttribute(attribute));
  }

  private static Trace.Event event(long millis, Trace.Kind kind, int server, String detail) {
    return new Trace.Event(millis * Swarm.MILLI, kind, server, -1, -1, detail);
  }

  private static Trace.Event message(long millis, Trace.Kind kind, int server, String detail) {
    return new Trace.Event(millis * Swarm.MILLI, kind, server, -1, 7, detail);
  }

  private static Drawn three(Trace.Event... events) throws Exception {
    return new Drawn(Swarm.plain(1, 3), List.of(events), Optional.empty());
  }

  /** How many events of a kind the last window has. */
  private static long inWindow(List<Trace.Event> events, Trace.Kind kind) {
    long from = events.get(events.size() - 1).nanos() - WINDOW;
    return events.stream().filter(each -> each.kind() == kind && each.nanos() >= from).count();
  }

  @Test
  void aSeedIsDrawnWithAllThatHappened() throws Exception {
    Swarm swarm =
        LongStream.iterate(1, seed -> seed + 1)
            .mapToObj(seed -> Swarm.of(seed).endingAt(4 * Swarm.SECOND))
            .filter(each -> each.servers == 5 && each.has(Fault.LOSS) && each.has(Fault.CRASH))
            .filter(each -> each.faultEveryNanos < 200 * Swarm.MILLI)
            .findFirst()
            .orElseThrow();
    List<Trace.Event> whole = new Simulate.Run(swarm, false).result(true).outcome().trace();
    // The faults are in the beginning: what is drawn is the end.
    List<Trace.Event> events =
        whole.stream().filter(each -> each.nanos() < 4 * Swarm.SECOND).toList();
    Drawn drawn = new Drawn(swarm, events, Optional.empty());
    assertEquals(
        List.of("s0", "s1", "s2", "s3", "s4"),
        drawn.all("text", text -> text.getTextContent().startsWith("s")).stream()
            .map(Element::getTextContent)
            .toList());
    assertEquals(
        5, drawn.lines("lane").stream().map(it -> it.getAttribute("y1")).distinct().count());
    long received = inWindow(events, Trace.Kind.RECEIVE);
    assertTrue(received > 100, "only " + received);
    // Those that were sent before it and came in it, too.
    assertTrue(drawn.lines("message").size() >= received, () -> drawn.lines("message").size() + "");
    assertEquals(inWindow(events, Trace.Kind.LOST), drawn.lines("lost").size());
    assertEquals(inWindow(events, Trace.Kind.START), drawn.all("circle", any -> true).size());
    assertEquals(inWindow(events, Trace.Kind.CRASH), drawn.all("path", any -> true).size());
    assertEquals(
        inWindow(events, Trace.Kind.APPLIED),
        drawn.all("line", line -> title(line).startsWith("applied ")).size());
    assertTrue(!drawn.bands().isEmpty(), "nobody acted");
    assertEquals(List.of(), drawn.failingWindows());
    assertTrue(drawn.page.getTextContent().contains("nothing was wrong"));
  }

  @Test
  void aMessageIsALineFromItsSenderToItsReceiver() throws Exception {
    Drawn drawn =
        three(
            message(10, Trace.Kind.SEND, 0, "Promise[ballot=b3.1]"),
            message(20, Trace.Kind.RECEIVE, 2, ""),
            event(30, Trace.Kind.PHASE, -1, "end"));
    Element line = drawn.lines("message").get(0);
    assertEquals(drawn.lane(0), line.getAttribute("y1"));
    assertEquals(drawn.lane(2), line.getAttribute("y2"));
    assertTrue(number(line, "x1") < number(line, "x2"));
    assertEquals("Promise[ballot=b3.1]", title(line));
    assertTrue(line.getAttribute("stroke").startsWith("hsl("), "in the colour of its ballot");
    assertEquals(1, drawn.lines("message").size());
    assertEquals(List.of(), drawn.lines("lost"));
  }

  @Test
  void aLostMessageEndsOnItsWay() throws Exception {
    Drawn drawn =
        three(
            message(10, Trace.Kind.SEND, 0, "Inform"),
            message(20, Trace.Kind.LOST, 1, "cut"),
            event(30, Trace.Kind.PHASE, -1, "end"));
    Element line = drawn.lines("lost").get(0);
    double lane0 = Double.parseDouble(drawn.lane(0));
    double lane1 = Double.parseDouble(drawn.lane(1));
    assertTrue(number(line, "y2") > lane0 && number(line, "y2") < lane1);
    assertEquals("Inform lost: cut", title(line));
    assertEquals("#bbb", line.getAttribute("stroke"));
  }

  @Test
  void whoCoordinatesIsABandUntilItStepsDownOrDies() throws Exception {
    Drawn drawn =
        three(
            event(10, Trace.Kind.NOTICE, 1, "Campaigning[ballot=b1.1, why=x]"),
            event(20, Trace.Kind.NOTICE, 1, "CoordinatorChosen[ballot=b1.1]"),
            event(20, Trace.Kind.NOTICE, 2, "CoordinatorChosen[ballot=b1.1]"),
            event(40, Trace.Kind.CRASH, 1, "process"),
            event(50, Trace.Kind.NOTICE, 2, "Campaigning[ballot=b2.2, why=x]"),
            event(60, Trace.Kind.NOTICE, 2, "SteppedDown[]"),
            event(90, Trace.Kind.PHASE, -1, "end"));
    assertEquals(
        List.of(
            "Campaigning[ballot=b1.1, why=x]",
            "CoordinatorChosen[ballot=b1.1]",
            "Campaigning[ballot=b2.2, why=x]"),
        drawn.bands().stream().map(SpaceTimePictureTest::title).toList());
    Element prepares = drawn.bands().get(0);
    Element coordinates = drawn.bands().get(1);
    assertEquals(prepares.getAttribute("x2"), coordinates.getAttribute("x1"));
    assertEquals(prepares.getAttribute("stroke"), coordinates.getAttribute("stroke"));
    assertTrue(number(prepares, "opacity") < number(coordinates, "opacity"));
    double crash = number(coordinates, "x2");
    String path = drawn.all("path", any -> true).get(0).getAttribute("d");
    assertTrue(path.startsWith("M" + (crash - 6) + " "), path);
    assertEquals(drawn.lane(2), drawn.bands().get(2).getAttribute("y1"));
  }

  @Test
  void marksSayWhatTheyAre() throws Exception {
    Drawn drawn =
        three(
            event(10, Trace.Kind.START, 0, "life"),
            event(20, Trace.Kind.FAULT, 1, "a < b & \"c\" > <script>alert(1)</script>"),
            event(25, Trace.Kind.FAULT, -1, "all links"),
            event(30, Trace.Kind.CRASH, 2, "power"));
    assertEquals(
        List.of("start: life"),
        drawn.all("circle", any -> true).stream().map(SpaceTimePictureTest::title).toList());
    assertEquals(
        List.of("a < b & \"c\" > <script>alert(1)</script>", "all links"),
        drawn.all("rect", any -> true).stream().map(SpaceTimePictureTest::title).toList());
    assertEquals(
        List.of("crash: power"),
        drawn.all("path", any -> true).stream().map(SpaceTimePictureTest::title).toList());
    assertEquals(List.of(), drawn.all("script", any -> true));
  }

  /** The window of the failure is drawn with a bit before and behind, wherever the run ended. */
  @Test
  void theFailingWindowIsShown() throws Exception {
    List<Trace.Event> events = new ArrayList<>();
    for (long millis = 0; millis <= 20_000; millis += 10) {
      events.add(event(millis, Trace.Kind.APPLIED, 0, "at " + millis));
    }
    long from = 5_000 * Swarm.MILLI;
    long to = 5_200 * Swarm.MILLI;
    Violation violation = new Violation("Linearizable", "not <so>", from, to);
    Drawn drawn = new Drawn(Swarm.plain(1, 3), events, Optional.of(violation));
    assertEquals(1, drawn.failingWindows().size());
    Element window = drawn.failingWindows().get(0);
    double start = number(window, "x");
    List<Element> ticks = drawn.all("line", line -> title(line).startsWith("applied "));
    List<String> inside =
        ticks.stream()
            .filter(tick -> number(tick, "x1") > start - 1)
            .filter(tick -> number(tick, "x1") < start + number(window, "width") + 1)
            .map(tick -> title(tick).replaceAll(".* at ", ""))
            .collect(Collectors.toList());
    assertEquals("5000", inside.get(0));
    assertEquals("5200", inside.get(inside.size() - 1));
    assertTrue(ticks.size() > inside.size(), "what is around it is drawn");
    assertTrue(ticks.size() < 100, "no more than that");
    String text = drawn.page.getTextContent();
    assertTrue(text.contains("Linearizable: not <so>"), text);
  }

  @Test
  void aFailureWithoutAWindowShowsTheEnd() throws Exception {
    Drawn drawn =
        new Drawn(
            Swarm.plain(1, 3),
            List.of(
                event(10, Trace.Kind.START, 0, "too long ago"),
                event(2_000, Trace.Kind.START, 1, "the end")),
            Optional.of(new Violation("Agreement", "none")));
    assertEquals(List.of(), drawn.failingWindows());
    assertEquals(
        List.of("start: the end"),
        drawn.all("circle", any -> true).stream().map(SpaceTimePictureTest::title).toList());
  }
}
