package io.synod.simulator;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * What happened, in order: always a hash of it, which the same seed must give again, and the events
 * themselves when they are asked for.
 */
final class Trace {
  /** What kind of thing happened. */
  enum Kind {
    START,
    CRASH,
    SEND,
    RECEIVE,
    LOST,
    UNREACHABLE,
    PROMISED,
    ACCEPTED,
    DURABLE,
    CHOSEN,
    APPLIED,
    NOTICE,
    FAULT,
    CLIENT,
    PHASE
  }

  /**
   * @param server whose event it is; -1 for none
   * @param other the other server, of a message; else -1
   * @param number ties a message's receipt to its sending
   */
  record Event(long nanos, Kind kind, int server, int other, long number, String detail) {
    String line() {
      return String.format(
          "%14.6f  %-11s  %-3s  %-3s  %8s  %s",
          nanos / 1e6,
          kind,
          server < 0 ? "-" : "s" + server,
          other < 0 ? "-" : "s" + other,
          number < 0 ? "-" : Long.toString(number),
          detail);
    }
  }

  /** The columns of {@link Event#line}. */
  static final String HEADER =
      String.format(
          "%14s  %-11s  %-3s  %-3s  %8s  %s", "millis", "event", "who", "to", "number", "detail");

  private final LongSupplier clock;
  private final boolean keeps;
  private final List<Event> events = new ArrayList<>();
  private long hash;
  private long count;

  Trace(LongSupplier clock, boolean keeps) {
    this.clock = clock;
    this.keeps = keeps;
  }

  /**
   * Notes an event.
   *
   * @param number part of the hash, -1 if there is none
   * @param detail made into text only when events are kept
   */
  void note(Kind kind, int server, int other, long number, Object detail) {
    long nanos = clock.getAsLong();
    long bits = ((long) kind.name().hashCode() << 32) ^ ((long) server << 16) ^ other;
    hash = Randoms.mix(hash * 31 + nanos) ^ Randoms.mix(bits * 0x9E3779B97F4A7C15L + number);
    count++;
    if (keeps) {
      events.add(new Event(nanos, kind, server, other, number, String.valueOf(detail)));
    }
  }

  void note(Kind kind, int server, Object detail) {
    note(kind, server, -1, -1, detail);
  }

  long hash() {
    return hash;
  }

  long count() {
    return count;
  }

  boolean keeps() {
    return keeps;
  }

  /** The events, if they are kept. */
  List<Event> events() {
    return Collections.unmodifiableList(events);
  }
}
