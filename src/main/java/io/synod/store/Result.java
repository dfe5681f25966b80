package io.synod.store;

import io.synod.paxos.ServerId;
import java.util.UUID;

/** What came of a command. A repeated command gets the result of its first application. */
public sealed interface Result {

  /**
   * Done.
   *
   * @param revision that the command made; for a delete of an absent key, which makes none, the
   *     revision then
   */
  record Done(long revision) implements Result {}

  /** A compaction at a revision that is compacted already; nothing changed. */
  record AlreadyCompacted() implements Result {}

  /** A compaction at a revision that was not written yet; nothing changed. */
  record FutureRevision() implements Result {}

  /**
   * A session is open.
   *
   * @param server whose session it is, and {@code run} for which of its starts
   */
  record SessionOpened(long session, ServerId server, UUID run) implements Result {}

  /**
   * This start of this server had a session, and it is closed: by a later start, or because there
   * were too many. A server to which this happens while it runs names a new run.
   */
  record SessionRefused(ServerId server, UUID run) implements Result {}

  /**
   * The session is not known (any more): the command was not applied now, and whether it ever was
   * is unknown.
   */
  record SessionGone() implements Result {}

  /**
   * The sequence was closed before: the command was not applied now, and never will be from here
   * on. If it was closed unanswered, it was given up.
   */
  record GivenUp() implements Result {}

  /**
   * The sequence lies {@link Session#WINDOW_SEQUENCES} or more above the session's lowest open one:
   * the command was not applied now, and may be when lower ones are closed.
   */
  record BeyondWindow() implements Result {}
}
