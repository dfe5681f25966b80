package io.synod.server;

import io.grpc.Status;
import io.synod.node.Answer;
import io.synod.node.ClientRequest;
import io.synod.node.Submission;
import io.synod.paxos.Check;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a client asks, from its last byte to its answer: made on a network thread, answered by the
 * driver, sent by the same network thread.
 */
abstract class ClientCall extends ClientRequest implements Caller {
  private static final Logger LOG = LoggerFactory.getLogger(ClientCall.class);

  private final Place place;

  /** How many bytes it was given of the room for calls. */
  private final int requestBytes;

  private @Nullable Answer answer;

  /** How much of its connection's backlog is this call's: its answer, or room to read it again. */
  private int answerBytes;

  /** How large the answer was that found no room. */
  private int wantedBytes;

  /** Waits in the backlog to be read again. */
  private boolean held;

  private boolean ended;

  /**
   * Where a call belongs.
   *
   * @param outbox of its network thread
   * @param room for what calls bring
   * @param backlog of its connection
   */
  record Place(Outbox outbox, Room room, Backlog backlog) {}

  ClientCall(Place place, Terms terms) {
    super(terms.operation(), terms.deadlineNanos(), terms.patienceNanos());
    this.place = place;
    this.requestBytes = terms.bytes();
  }

  @Override
  protected final void answer(Answer given) {
    Check.that(answer == null, "a call is answered once");
    answer = given;
    place.outbox().add(this);
  }

  // ---- how it is answered: on its network thread
  // -----------------------------------------------------------------------

  /** Whether nobody waits for the answer any more. */
  abstract boolean isGone();

  /** How much memory an answer takes until it has left; 0 if hardly any. */
  abstract int sizeBytes(Answer given);

  /** Sends what is not refused. */
  abstract void sendOutcome(Answer given);

  /** All that the driver answered in this turn was sent: what gathered answers sends them on. */
  void onTurnSent() {}

  // ---- what all have in common
  // -----------------------------------------------------------------------------------------

  /** Sends what the driver answered, unless the caller is gone or there is no room for it. */
  final void send() {
    Answer given = Objects.requireNonNull(answer);
    if (isGone()) {
      end();
      giveBackAnswerRoom();
      return;
    }
    if (!takeAnswerRoom(sizeBytes(given))) {
      hold();
      return;
    }
    end();
    try {
      send(given);
    } catch (RuntimeException e) {
      // One call that cannot be answered must not cost the others of the batch theirs.
      LOG.warn("an answer could not be sent", e);
    }
  }

  /** All that the turn answered has been sent. */
  final void turnSent() {
    try {
      onTurnSent();
    } catch (RuntimeException e) {
      LOG.warn("answers could not be sent", e);
    }
  }

  private void send(Answer given) {
    if (given instanceof Answer.RevisionUnavailable revision) {
      refuse(Status.OUT_OF_RANGE.withDescription(revision.why()));
    } else if (given instanceof Answer.Exhausted exhausted) {
      refuse(Status.RESOURCE_EXHAUSTED.withDescription(exhausted.why()));
    } else if (given instanceof Answer.Unavailable unavailable) {
      refuse(Status.UNAVAILABLE.withDescription(unavailable.why()), unavailable.unknown());
    } else {
      sendOutcome(given);
    }
  }

  private boolean takeAnswerRoom(int bytes) {
    int more = bytes - answerBytes;
    if (more > 0 && !place.backlog().take(more)) {
      wantedBytes = bytes;
      return false;
    }
    answerBytes = bytes;
    if (more < 0) {
      place.backlog().giveBack(-more);
    }
    return true;
  }

  private void hold() {
    answer = null;
    giveBackAnswerRoom();
    if (place.backlog().isEmpty()) {
      refuseForRoom();
    } else {
      held = true;
      place.backlog().hold(this, place.outbox());
    }
  }

  /** Refuses it: what was answered before it, here or elsewhere, fills the memory. */
  final void refuseForRoom() {
    held = false;
    end();
    refuse(
        Status.RESOURCE_EXHAUSTED.withDescription(
            "no room for an answer of "
                + wantedBytes
                + " bytes: clients have not read what they were answered before; try again later"));
  }

  /** Takes room for an answer as large as the one that found none. */
  final boolean takeRoomAgain() {
    return takeAnswerRoom(wantedBytes);
  }

  /** Asks once more for what was let go; returns whether it is asked. */
  final Submission readAgain(Requests requests) {
    held = false;
    return requests.submit(this);
  }

  /** It is not asked, nor answered. */
  final void refuseAgain(Status why) {
    end();
    place.backlog().release(answerBytes);
    answerBytes = 0;
    refuse(why);
  }

  /** Its last byte has left, or its caller is gone. */
  final void onClosed() {
    if (held) {
      held = false;
      place.backlog().drop(this);
      end();
    }
    giveBackAnswerRoom();
  }

  /** Its answer takes no room any more. */
  final void giveBackAnswerRoom() {
    int bytes = answerBytes;
    if (bytes > 0) {
      answerBytes = 0;
      place.backlog().giveBack(bytes);
    }
  }

  /** What it brought takes no room any more. */
  final void end() {
    if (!ended) {
      ended = true;
      place.room().giveBack(requestBytes);
    }
  }
}
