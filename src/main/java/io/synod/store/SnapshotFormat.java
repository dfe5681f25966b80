package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.ValueFormat;
import io.synod.paxos.VersionInForce;
import java.nio.ByteBuffer;
import java.util.Deque;
import java.util.Map;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The bytes of a snapshot file, all numbers big-endian.
 *
 * <pre>
 * file     magic (8), version (4), CRC32C of these two (4), chunk, chunk ...
 * chunk    size of the payload (4), kind (1), CRC32C of the chunk's offset, size, kind and payload
 *          (4), payload; by kind, in this order:
 *          1 info      once, a {@link SnapshotInfo}
 *          2 sessions  once: how many were opened so far, and the runs that are closed
 *          3 session   for each open session, by id
 *          4 rows      key size (4), row size (4), key, row; and again, in the keys' order
 *          7 changes   revision (8), place in it (4), key size (4), row size (4), key, the row that
 *                      was ended (no bytes: there was none); and again, in order, from behind the
 *                      compacted revision on
 *          8 and on    kept for leases and what else may come: refused as a newer version's
 *          127 end     once, the last: SHA-256 of all bytes before this chunk
 * </pre>
 *
 * Version 2 had what is now in changes in two kinds, 5 and 6. Version 3 is what is written as long
 * as the cluster behaves by the first version, so that programs of before can read it: info does
 * not name the version there. Version 4 does.
 *
 * <p>Nothing in it depends on who wrote it or when: snapshots of one slot are the same bytes on
 * every server.
 */
final class SnapshotFormat {
  static final int INFO = 1;
  static final int SESSIONS = 2;
  static final int SESSION = 3;
  static final int ROWS = 4;
  static final int CHANGES = 7;

  /** From here to the end: what a newer version may have added. */
  static final int FIRST_NEWER = 8;

  static final int END = 127;

  static final int FILE_HEAD_BYTES = 8 + 4 + 4;
  static final int CHUNK_HEAD_BYTES = 4 + 1 + 4;
  static final int SHA256_BYTES = 32;
  static final int END_BYTES = CHUNK_HEAD_BYTES + SHA256_BYTES;

  /** A bound on what is read into memory at once; far above what is ever written. */
  static final int CHUNK_LIMIT_BYTES = 64 << 20;

  /** The newest. */
  static final int VERSION = 4;

  /** The oldest that can be read. */
  static final int WITHOUT_VERSION_IN_FORCE = 3;

  /** "SynodSna" in ASCII. */
  private static final long MAGIC = 0x53796e6f64536e61L;

  /** The kind of a remembered result: a revision follows. */
  private static final byte DONE = 1;

  /** The kind of a remembered result: {@link Session#ALREADY_COMPACTED} or the like follows. */
  private static final byte REFUSED = 2;

  private static final int RESULT_BYTES = 4 + 1 + 8;

  private SnapshotFormat() {}

  /** The version of the file in which such a state is written. */
  private static int fileVersion(SnapshotInfo info) {
    return info.version().equals(VersionInForce.FIRST) ? WITHOUT_VERSION_IN_FORCE : VERSION;
  }

  static ByteBuffer fileHead(SnapshotInfo info) {
    ByteBuffer head = ByteBuffer.allocate(FILE_HEAD_BYTES);
    head.putLong(MAGIC).putInt(fileVersion(info)).putInt(crc(head.duplicate().flip()));
    return head.flip();
  }

  /** Whether this is the beginning of a snapshot, whole or not. */
  static boolean isHead(ByteBuffer bytes) {
    return bytes.remaining() >= Long.BYTES && bytes.getLong(bytes.position()) == MAGIC;
  }

  /**
   * The version that a file's head bears.
   *
   * @throws IllegalArgumentException if it is no head
   */
  static int version(ByteBuffer head) {
    if (head.getLong(0) != MAGIC) {
      throw new IllegalArgumentException("this is no snapshot");
    }
    if (head.getInt(12) != crc(head.duplicate().position(0).limit(12))) {
      throw new IllegalArgumentException("the file's head is damaged");
    }
    return head.getInt(8);
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /** The CRC of a chunk; takes all that remains of {@code payload}. */
  static int crc(long offset, int kind, ByteBuffer payload) {
    ByteBuffer head = ByteBuffer.allocate(13);
    head.putLong(offset).putInt(payload.remaining()).put((byte) kind);
    CRC32C crc = new CRC32C();
    crc.update(head.flip());
    crc.update(payload);
    return (int) crc.getValue();
  }

  static ByteBuffer info(SnapshotInfo info) {
    Bytes membership = ValueFormat.membership(info.membership().membership());
    boolean named = fileVersion(info) > WITHOUT_VERSION_IN_FORCE;
    ByteBuffer out =
        ByteBuffer.allocate(16 + 10 * 8 + 4 + (named ? 8 + 4 : 0) + 4 + membership.size());
    putUuid(out, info.cluster().id());
    out.putLong(info.slot().number()).putLong(info.revision()).putLong(info.logTimeMillis());
    History.Numbers history = info.history();
    out.putLong(history.compacted()).putLong(history.hash()).putLong(history.compactedHash());
    out.putLong(info.hash()).putLong(info.keys()).putLong(info.liveBytes());
    out.putInt(info.sessions());
    if (named) {
      out.putLong(info.version().decidedAt().number()).putInt(info.version().number());
    }
    out.putLong(info.membership().decidedAt().number()).putInt(membership.size());
    membership.writeTo(out);
    return out.flip();
  }

  /**
   * @param fileVersion of the file that it is in
   */
  static SnapshotInfo info(ByteBuffer in, int fileVersion) {
    ClusterId cluster = new ClusterId(uuid(in));
    Slot slot = new Slot(in.getLong());
    long revision = in.getLong();
    long logTimeMillis = in.getLong();
    History.Numbers history = new History.Numbers(in.getLong(), in.getLong(), in.getLong());
    long hash = in.getLong();
    long keys = in.getLong();
    long liveBytes = in.getLong();
    int sessions = in.getInt();
    VersionInForce version =
        fileVersion == WITHOUT_VERSION_IN_FORCE
            ? VersionInForce.FIRST
            : new VersionInForce(new Slot(in.getLong()), in.getInt());
    Slot decidedAt = new Slot(in.getLong());
    if (in.getInt() != in.remaining()) {
      throw new IllegalArgumentException("a membership of another size");
    }
    MembershipInForce membership =
        new MembershipInForce(decidedAt, ValueFormat.membership(Bytes.copyOf(in)));
    return new SnapshotInfo(
        cluster,
        slot,
        membership,
        version,
        revision,
        logTimeMillis,
        history,
        hash,
        keys,
        liveBytes,
        sessions);
  }

  static ByteBuffer sessions(Sessions sessions) {
    int sizeBytes = 8 + 4;
    for (Deque<UUID> runs : sessions.closedRuns().values()) {
      sizeBytes += runs.size() * (4 + 16);
    }
    ByteBuffer out = ByteBuffer.allocate(sizeBytes);
    out.putLong(sessions.opened()).putInt((sizeBytes - 12) / (4 + 16));
    for (Map.Entry<ServerId, Deque<UUID>> each : sessions.closedRuns().entrySet()) {
      for (UUID run : each.getValue()) {
        putUuid(out.putInt(each.getKey().number()), run);
      }
    }
    return out.flip();
  }

  static Sessions sessions(ByteBuffer in) {
    Sessions sessions = new Sessions();
    sessions.restoreOpened(in.getLong());
    int runs = in.getInt();
    for (int i = 0; i < runs; i++) {
      sessions.addClosedRun(new ServerId(in.getInt()), uuid(in));
    }
    return sessions;
  }

  static ByteBuffer session(Session session) {
    int results = session.results();
    ByteBuffer out = ByteBuffer.allocate(8 + 4 + 16 + 8 + 8 + 4 + results * RESULT_BYTES);
    putUuid(out.putLong(session.id()).putInt(session.server().number()), session.run());
    out.putLong(session.lowestOpen()).putLong(session.end()).putInt(results);
    for (long sequence = session.lowestOpen(); sequence < session.end(); sequence++) {
      long outcome = session.remembered(sequence);
      if (outcome != Session.NOTHING) {
        out.putInt((int) (sequence - session.lowestOpen()));
        out.put(outcome > 0 ? DONE : REFUSED).putLong(outcome);
      }
    }
    return out.flip();
  }

  static Session session(ByteBuffer in) {
    Session session = new Session(in.getLong(), new ServerId(in.getInt()), uuid(in));
    long lowestOpen = in.getLong();
    session.closeBelow(lowestOpen);
    long end = in.getLong();
    int results = in.getInt();
    for (int i = 0; i < results; i++) {
      int above = in.getInt();
      byte kind = in.get();
      long outcome = in.getLong();
      if (kind > REFUSED) {
        throw new NewerVersionException("a result of kind " + kind, "kinds up to " + REFUSED);
      }
      boolean known =
          outcome > 0
              ? kind == DONE
              : kind == REFUSED && outcome < 0 && outcome >= Session.FUTURE_REVISION;
      if (!known) {
        throw new IllegalArgumentException("a result of unknown kind " + kind);
      }
      if (above < 0 || above >= Session.WINDOW_SEQUENCES) {
        throw new IllegalArgumentException("a result " + above + " above the lowest open one");
      }
      session.remember(lowestOpen + above, outcome);
    }
    if (session.end() != end) {
      throw new IllegalArgumentException("a session that ends at " + session.end());
    }
    return session;
  }

  private static void putUuid(ByteBuffer out, UUID id) {
    out.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
  }

  private static UUID uuid(ByteBuffer in) {
    return new UUID(in.getLong(), in.getLong());
  }
}
