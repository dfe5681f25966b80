package io.synod.store;

/** What came of a command. A repeated command gets the result of its first application. */
public sealed interface Result {

  /** Done. */
  record Done(long revision) implements Result {}

  /** A session was opened. */
  record SessionOpened(long session) implements Result {}

  /**
   * The session is not known (any more): the command was not applied now, and whether it ever was
   * is unknown.
   */
  record SessionGone() implements Result {}

  /** The sequence was given up before: the command was not applied, and never will be. */
  record GivenUp() implements Result {}
}
