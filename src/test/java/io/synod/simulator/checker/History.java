package io.synod.simulator.checker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Records what clients ask and are told, to be judged at the end. One for all clients of a run.
 *
 * <p>Call {@link #invoke} before an operation is sent, and one of {@link #ok}, {@link #unknown} and
 * {@link #failed} after its answer is in hand; the order of the calls is the order of the events.
 * When in doubt whether an operation took effect, it is unknown. An operation without a last call
 * is unknown as well.
 *
 * <p>Any thread may call it. No call blocks but for the lock that orders the events. Nothing is
 * durable before {@link #write}.
 */
public final class History {
  private static final String HEADER =
      "# nanos client invoke|ok|fail|unknown operation key [argument or result ...]";

  private final LongSupplier clock;
  private final List<Event> events = new ArrayList<>();
  private final Map<String, Request> underWay = new HashMap<>();

  /**
   * @param clock nanoseconds since an arbitrary start, read under the lock: simulated time, or
   *     {@code System::nanoTime}
   */
  public History(LongSupplier clock) {
    this.clock = clock;
  }

  /**
   * A client is about to ask.
   *
   * @param client one name for each thing that waits for its answer before it asks again
   * @throws IllegalStateException if it has an operation under way
   */
  public synchronized void invoke(String client, Request request) {
    Request earlier = underWay.putIfAbsent(client, request);
    if (earlier != null) {
      throw new IllegalStateException(client + " has an operation under way: " + earlier);
    }
    add(client, Kind.INVOKE, request, List.of());
  }

  /**
   * The operation was carried out.
   *
   * @param results for a GET, the value, or nothing if the key was absent; otherwise nothing
   * @throws IllegalStateException if the client has nothing under way
   */
  public synchronized void ok(String client, String... results) {
    end(client, Kind.OK, List.of(results));
  }

  /**
   * The operation may take effect at any later time, may have done so, or never will. The client
   * may go on.
   *
   * @throws IllegalStateException if the client has nothing under way
   */
  public synchronized void unknown(String client) {
    end(client, Kind.UNKNOWN, List.of());
  }

  /**
   * The operation never took effect and never will.
   *
   * @throws IllegalStateException if the client has nothing under way
   */
  public synchronized void failed(String client) {
    end(client, Kind.FAIL, List.of());
  }

  /** How many events there are. */
  public synchronized int size() {
    return events.size();
  }

  /** What happened up to now, for the checker. Failed operations are not in it. */
  public synchronized List<Operation<Request, List<String>>> operations() {
    Assembler assembler = new Assembler();
    int line = 1;
    for (Event event : events) {
      line++; // the first line is the header
      Moment at = new Moment(line, OptionalLong.of(event.nanos));
      switch (event.kind) {
        case INVOKE -> assembler.invoked(event.client, event.request, at);
        case OK -> assembler.ok(event.client, event.words, at);
        case UNKNOWN -> assembler.unknown(event.client);
        case FAIL -> assembler.failed(event.client);
      }
    }
    return assembler.operations();
  }

  /** Judges what happened up to now. */
  public Report<Optional<String>, Request, List<String>> check(Budget budget) {
    return new LinearizabilityChecker<>(CellModel.ABSENT_AT_FIRST, budget).check(operations());
  }

  /** The history as text; the package's documentation has the format. */
  public synchronized String text() {
    StringBuilder text = new StringBuilder(HEADER).append('\n');
    for (Event event : events) {
      text.append(event.line()).append('\n');
    }
    return text.toString();
  }

  /** Writes the text to a file, which {@code scripts/check_history} reads. */
  public void write(Path file) {
    try {
      Files.writeString(file, text());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the history to " + file, e);
    }
  }

  private void end(String client, Kind kind, List<String> results) {
    Request request = underWay.remove(client);
    if (request == null) {
      throw new IllegalStateException(client + " has nothing under way");
    }
    if (results.size() > request.operation().maximumResultCount()) {
      throw new IllegalArgumentException("too many results of " + request + ": " + results);
    }
    add(client, kind, request, results);
  }

  private void add(String client, Kind kind, Request request, List<String> words) {
    long nanos = clock.getAsLong();
    if (!events.isEmpty()) {
      nanos = Math.max(nanos, events.get(events.size() - 1).nanos);
    }
    events.add(new Event(nanos, client, kind, request, words));
  }

  /** What an event is; in lower case, its word in the text. */
  enum Kind {
    INVOKE,
    OK,
    FAIL,
    UNKNOWN
  }

  private record Event(long nanos, String client, Kind kind, Request request, List<String> words) {

    private String line() {
      List<String> line = new ArrayList<>();
      line.add(Long.toString(nanos));
      line.add(client);
      line.add(kind.name().toLowerCase(Locale.ROOT));
      line.add(request.operation().name());
      line.add(request.key());
      line.addAll(kind == Kind.INVOKE ? request.arguments() : words);
      return Words.join(line);
    }
  }
}
