package io.synod.simulator.checker;

import java.util.OptionalLong;

/**
 * When an event of a history happened.
 *
 * @param line its line in the text of the history: the order of the lines is the order of the
 *     events, whatever the clock said
 * @param nanos the clock, in nanoseconds since an arbitrary start; empty if the history has no
 *     times
 */
public record Moment(int line, OptionalLong nanos) {

  public Moment {
    if (line < 1) {
      throw new IllegalArgumentException("lines count from 1, not " + line);
    }
  }

  boolean isBefore(Moment other) {
    return line < other.line;
  }
}
