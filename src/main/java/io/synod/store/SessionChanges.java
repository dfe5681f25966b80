package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/**
 * What became of sessions since the last commit, so that an engine with files need not write all of
 * them each time. Applied to the same sessions again it has the same effect. Driver's thread only.
 *
 * <pre>
 * opened   kind 1 (1), server (4), run (16)
 * command  kind 2 (1), session (8), sequence (8), lowest open after it (8), outcome (8; 0: none)
 * </pre>
 */
final class SessionChanges {
  private static final byte OPENED = 1;
  private static final byte COMMAND = 2;
  private static final int OPENED_BYTES = 1 + 4 + 16;
  private static final int COMMAND_BYTES = 1 + 4 * 8;
  private static final int USUAL_BYTES = 64 << 10;

  private ByteBuffer out = ByteBuffer.allocate(USUAL_BYTES);

  void onOpened(ServerId server, UUID run) {
    room(OPENED_BYTES).put(OPENED).putInt(server.number());
    out.putLong(run.getMostSignificantBits()).putLong(run.getLeastSignificantBits());
  }

  /** {@code outcome}: what the session remembers of it; {@link Session#NOTHING} if nothing new. */
  void onCommand(Session session, long sequence, long outcome) {
    room(COMMAND_BYTES).put(COMMAND).putLong(session.id()).putLong(sequence);
    out.putLong(session.lowestOpen()).putLong(outcome);
  }

  private ByteBuffer room(int bytes) {
    if (out.remaining() < bytes) {
      out = ByteBuffer.allocate(2 * out.capacity()).put(out.flip());
    }
    return out;
  }

  /** A copy of what came since the last {@link #clear}. */
  Bytes bytes() {
    return Bytes.copyOf(out.duplicate().flip());
  }

  void clear() {
    if (out.capacity() > USUAL_BYTES) {
      out = ByteBuffer.allocate(USUAL_BYTES);
    }
    out.clear();
  }

  /**
   * Does it again.
   *
   * @throws IllegalArgumentException if it is not of these sessions
   */
  static void replay(Bytes changes, Sessions sessions) {
    ByteBuffer in = changes.asByteBuffer();
    while (in.hasRemaining()) {
      byte kind = in.get();
      if (kind == OPENED) {
        Optional<Session> unused =
            sessions.open(new ServerId(in.getInt()), new UUID(in.getLong(), in.getLong()));
      } else if (kind == COMMAND) {
        long id = in.getLong();
        Session session = sessions.find(id);
        if (session == null) {
          throw new IllegalArgumentException("a command of session " + id + ", which is not open");
        }
        long sequence = in.getLong();
        session.closeBelow(in.getLong());
        long outcome = in.getLong();
        if (outcome != Session.NOTHING) {
          session.remember(sequence, outcome);
        }
      } else {
        throw new IllegalArgumentException("a change of sessions of kind " + kind);
      }
    }
  }
}
