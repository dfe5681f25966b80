package io.synod.store;

import io.synod.paxos.ServerId;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which commands are applied: each once, as the session says that it came in, whatever the number
 * of slots it is in; the results of the others are those that the session remembers
 * (protocol-rules.md, 9). Driver's thread only.
 */
final class Deduplication {
  private final boolean keepsChanges;

  /** What an engine with files keeps of sessions with the next commit; nothing without files. */
  private final SessionChanges changes = new SessionChanges();

  private Sessions sessions = new Sessions();
  private StateMachine.Results results = (session, sequence, result) -> {};

  /**
   * @param keepsChanges whether what became of sessions is kept with each commit
   */
  Deduplication(boolean keepsChanges) {
    this.keepsChanges = keepsChanges;
  }

  Sessions sessions() {
    return sessions;
  }

  /** What became of the sessions since the last commit. */
  SessionChanges changes() {
    return changes;
  }

  /** Begins with what an engine or a snapshot holds. */
  void restore(Sessions restored) {
    sessions = restored;
  }

  /** Results of the commands that follow go there. */
  void tell(StateMachine.Results told) {
    results = told;
  }

  void onOpenSession(ServerId server, UUID run) {
    if (keepsChanges) {
      changes.onOpened(server, run);
    }
    Optional<Session> opened = sessions.open(server, run);
    if (opened.isEmpty()) {
      results.result(0, 0, new Result.SessionRefused(server, run));
      return;
    }
    long session = opened.get().id();
    results.result(session, 0, new Result.SessionOpened(session, server, run));
  }

  /** The session, if the command is to be applied; else its result is given. */
  @Nullable Session openFor(long session, long sequence, long lowestOpen) {
    Session open = sessions.find(session);
    if (open == null) {
      results.result(session, sequence, new Result.SessionGone());
      return null;
    }
    boolean closes = lowestOpen > open.lowestOpen();
    open.closeBelow(lowestOpen);
    Optional<Result> known = knownResult(open, sequence);
    if (known.isEmpty()) {
      return open;
    }
    if (closes) {
      note(open, sequence, Session.NOTHING);
    }
    results.result(session, sequence, known.get());
    return null;
  }

  private static Optional<Result> knownResult(Session open, long sequence) {
    if (sequence < open.lowestOpen()) {
      return Optional.of(new Result.GivenUp());
    }
    if (!open.isInWindow(sequence)) {
      return Optional.of(new Result.BeyondWindow());
    }
    long remembered = open.remembered(sequence);
    if (remembered != Session.NOTHING) {
      return Optional.of(Session.result(remembered));
    }
    return Optional.empty();
  }

  private void note(Session open, long sequence, long outcome) {
    if (keepsChanges) {
      changes.onCommand(open, sequence, outcome);
    }
  }

  /** It was applied, and this came of it. */
  void done(Session open, long sequence, long outcome) {
    open.remember(sequence, outcome);
    note(open, sequence, outcome);
    results.result(open.id(), sequence, Session.result(outcome));
  }
}
