package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Commands as bytes, all numbers big-endian.
 *
 * <pre>
 * batch    version (1), log time in ms (8), run, run ...
 * run      command, command ...
 * command  size of what follows (4), kind (1), and by kind:
 *          1 open session: server (4), run id (16)
 *          2 put:          session (8), sequence (8), lowest open (8), key size (4), key, value
 *          3 delete:       session (8), sequence (8), lowest open (8), key
 *          4 compact:      session (8), sequence (8), lowest open (8), revision (8)
 *          5 writes:       session (8), sequence (8), lowest open (8), change, change ...
 *          kept for: 6 transaction, 7 grant lease, 8 revoke lease, 9 keep lease alive, 10 put with
 *          lease, 11 delete range
 * change   key size (4), value size (4) or -1 for a delete, key, value
 * </pre>
 *
 * A run has no header, so that runs of several servers make a batch by being put one behind the
 * other. The layout of a kind never changes: leases, transactions and whatever else comes get kinds
 * of their own, and the batch's version tells which kinds there may be (protocol-rules.md, 15: a
 * higher version is proposed only after the members agreed on it through the log). Limits on sizes
 * may grow from one release to the next, and never shrink.
 */
public final class CommandFormat {
  /** How long a key may be; it has at least one byte. */
  public static final int KEY_LIMIT_BYTES = 64 << 10;

  /** How long a value may be; it may be empty. */
  public static final int VALUE_LIMIT_BYTES = 1 << 20;

  /** How many keys one {@link Command.Writes} may change. */
  public static final int CHANGES_LIMIT = 1_024;

  /** How many bytes of keys and values one {@link Command.Writes} may have. */
  public static final int CHANGES_LIMIT_BYTES = KEY_LIMIT_BYTES + VALUE_LIMIT_BYTES;

  static final int SIZE_FIELD_BYTES = 4;
  static final byte OPEN_SESSION = 1;
  static final byte PUT = 2;
  static final byte DELETE = 3;
  static final byte COMPACT = 4;
  static final byte WRITES = 5;
  static final int CHANGE_HEAD_BYTES = 4 + 4;
  static final int DELETED = -1;

  private static final byte VERSION = 1;
  private static final int BATCH_HEAD_BYTES = 1 + 8;
  static final int HEAD_BYTES = SIZE_FIELD_BYTES + 1;
  static final int STAMP_BYTES = 3 * 8;
  static final int OPEN_SESSION_BYTES = HEAD_BYTES + 4 + 16;
  static final int PUT_BYTES = HEAD_BYTES + STAMP_BYTES + 4;
  static final int DELETE_BYTES = HEAD_BYTES + STAMP_BYTES;
  static final int COMPACT_BYTES = HEAD_BYTES + STAMP_BYTES + 8;
  static final int WRITES_BYTES = HEAD_BYTES + STAMP_BYTES;

  /** No command takes more. */
  public static final int LONGEST_COMMAND_BYTES =
      WRITES_BYTES + CHANGES_LIMIT * CHANGE_HEAD_BYTES + CHANGES_LIMIT_BYTES;

  private CommandFormat() {}

  /** Who is shown the commands of a batch or a run, in order; keys and values are views of it. */
  public interface Visitor {
    void onOpenSession(ServerId server, UUID run);

    void onPut(long session, long sequence, long lowestOpen, Bytes key, Bytes value);

    void onDelete(long session, long sequence, long lowestOpen, Bytes key);

    void onCompact(long session, long sequence, long lowestOpen, long revision);

    /** Several writes in one; {@link #visitChanges} shows them. */
    void onWrites(long session, long sequence, long lowestOpen, Bytes changes);
  }

  /** Who is shown the changes of a {@link Command.Writes}, in order. */
  public interface ChangeVisitor {
    void onPut(Bytes key, Bytes value);

    void onDelete(Bytes key);
  }

  /** How many bytes a {@link Command.OpenSession} takes. */
  public static int openSessionSizeBytes() {
    return OPEN_SESSION_BYTES;
  }

  /** How many bytes a {@link Command.Put} takes. */
  public static int putSizeBytes(Bytes key, Bytes value) {
    return PUT_BYTES + key.size() + value.size();
  }

  /** How many bytes a {@link Command.Delete} takes. */
  public static int deleteSizeBytes(Bytes key) {
    return DELETE_BYTES + key.size();
  }

  /** How many bytes a {@link Command.Compact} takes. */
  public static int compactSizeBytes() {
    return COMPACT_BYTES;
  }

  /** How many bytes a {@link Command.Writes} takes. */
  public static int writesSizeBytes(List<Command.Change> changes) {
    int size = WRITES_BYTES;
    for (Command.Change change : changes) {
      size += CHANGE_HEAD_BYTES + change.key().size() + change.value().map(Bytes::size).orElse(0);
    }
    return size;
  }

  /** How many bytes a batch of these runs takes. */
  public static int batchSizeBytes(List<Bytes> runs) {
    int size = BATCH_HEAD_BYTES;
    for (Bytes run : runs) {
      size = Math.addExact(size, run.size());
    }
    return size;
  }

  /**
   * One batch of runs, each of which was made by a {@link CommandEncoder} or passed {@link #check}.
   *
   * @param logTimeMillis the coordinator's: the last log time grown by its monotonic clock
   */
  public static Bytes batch(long logTimeMillis, List<Bytes> runs) {
    byte[] batch = new byte[batchSizeBytes(runs)];
    ByteBuffer.wrap(batch).put(VERSION).putLong(logTimeMillis);
    int position = BATCH_HEAD_BYTES;
    for (Bytes run : runs) {
      run.copyTo(batch, position);
      position += run.size();
    }
    return Bytes.wrap(batch);
  }

  /** How many commands a run has that was made here or passed {@link #check}. */
  public static int count(Bytes run) {
    ByteBuffer in = run.asByteBuffer();
    int count = 0;
    for (int at = 0; at < run.size(); at += SIZE_FIELD_BYTES + in.getInt(at)) {
      count++;
    }
    return count;
  }

  /** Of which session a run's commands are, and which sequences they have, at least and at most. */
  public record Span(long session, long first, long last) {}

  /**
   * The span of a run that was made here or passed {@link #check}; empty if it begins with a
   * command without a session.
   */
  public static Optional<Span> span(Bytes run) {
    ByteBuffer in = run.asByteBuffer();
    int last = 0;
    for (int at = 0; at < run.size(); at += SIZE_FIELD_BYTES + in.getInt(at)) {
      last = at;
    }
    if (run.isEmpty() || !isStamped(in, 0) || !isStamped(in, last)) {
      return Optional.empty();
    }
    return Optional.of(new Span(session(in, 0), sequence(in, 0), sequence(in, last)));
  }

  /** What makes a command one and the same, however often it is sent. */
  public record Origin(long session, long sequence) {}

  /** The origins of those commands of a run that have one. */
  public static List<Origin> origins(Bytes run) {
    ByteBuffer in = run.asByteBuffer();
    List<Origin> origins = new ArrayList<>();
    for (int at = 0; at < run.size(); at += SIZE_FIELD_BYTES + in.getInt(at)) {
      if (isStamped(in, at)) {
        origins.add(new Origin(session(in, at), sequence(in, at)));
      }
    }
    return origins;
  }

  /** The run without the commands of these origins. */
  public static Bytes without(Bytes run, Set<Origin> origins) {
    ByteBuffer in = run.asByteBuffer();
    byte[] kept = new byte[run.size()];
    int size = 0;
    int end;
    for (int at = 0; at < run.size(); at = end) {
      end = at + SIZE_FIELD_BYTES + in.getInt(at);
      if (!isStamped(in, at) || !origins.contains(new Origin(session(in, at), sequence(in, at)))) {
        in.get(at, kept, size, end - at);
        size += end - at;
      }
    }
    return Bytes.wrap(kept, 0, size);
  }

  private static boolean isStamped(ByteBuffer in, int at) {
    return in.get(at + SIZE_FIELD_BYTES) != OPEN_SESSION;
  }

  private static long session(ByteBuffer in, int at) {
    return in.getLong(at + HEAD_BYTES);
  }

  private static long sequence(ByteBuffer in, int at) {
    return in.getLong(at + HEAD_BYTES + 8);
  }

  /**
   * Checks a run that a peer sent, before it is proposed; returns how many commands it has.
   *
   * @throws IllegalArgumentException naming what is wrong, and where
   */
  public static int check(Bytes run) {
    if (run.isEmpty()) {
      throw new IllegalArgumentException("a run without commands");
    }
    return CommandCheck.check(run.asByteBuffer(), 0);
  }

  /**
   * Checks a batch; returns how many commands it has.
   *
   * @throws IllegalArgumentException naming what is wrong, and where
   */
  public static int checkBatch(Bytes batch) {
    ByteBuffer in = batch.asByteBuffer();
    checkHead(in);
    return CommandCheck.check(in, BATCH_HEAD_BYTES);
  }

  /** The log time of a batch that passed {@link #checkBatch}. */
  public static long logTimeMillis(Bytes batch) {
    return batch.asByteBuffer().getLong(1);
  }

  /** Shows the commands of a batch that passed {@link #checkBatch}. */
  public static void visitBatch(Bytes batch, Visitor visitor) {
    visit(batch, BATCH_HEAD_BYTES, visitor);
  }

  /** Shows the commands of a run that was made here or passed {@link #check}. */
  public static void visit(Bytes run, Visitor visitor) {
    visit(run, 0, visitor);
  }

  /** Shows the changes of a {@link Command.Writes} that passed {@link #check}. */
  public static void visitChanges(Bytes changes, ChangeVisitor visitor) {
    ByteBuffer in = changes.asByteBuffer();
    int end;
    for (int at = 0; at < changes.size(); at = end) {
      int key = at + CHANGE_HEAD_BYTES;
      int value = key + in.getInt(at);
      int valueSize = in.getInt(at + 4);
      if (valueSize == DELETED) {
        end = value;
        visitor.onDelete(changes.slice(key, value));
      } else {
        end = value + valueSize;
        visitor.onPut(changes.slice(key, value), changes.slice(value, end));
      }
    }
  }

  /** The commands of a run as objects; for tests and for people. */
  public static List<Command> commands(Bytes run) {
    check(run);
    Collector collector = new Collector();
    visit(run, collector);
    return collector.commands;
  }

  private static void visit(Bytes bytes, int from, Visitor visitor) {
    ByteBuffer in = bytes.asByteBuffer();
    int end;
    for (int at = from; at < bytes.size(); at = end) {
      end = at + SIZE_FIELD_BYTES + in.getInt(at);
      byte kind = in.get(at + SIZE_FIELD_BYTES);
      int body = at + HEAD_BYTES;
      if (kind == OPEN_SESSION) {
        UUID run = new UUID(in.getLong(body + 4), in.getLong(body + 12));
        visitor.onOpenSession(new ServerId(in.getInt(body)), run);
        continue;
      }
      long session = in.getLong(body);
      long sequence = in.getLong(body + 8);
      long lowestOpen = in.getLong(body + 16);
      if (kind == PUT) {
        int key = at + PUT_BYTES;
        int value = key + in.getInt(body + STAMP_BYTES);
        visitor.onPut(
            session, sequence, lowestOpen, bytes.slice(key, value), bytes.slice(value, end));
      } else if (kind == DELETE) {
        visitor.onDelete(session, sequence, lowestOpen, bytes.slice(at + DELETE_BYTES, end));
      } else if (kind == COMPACT) {
        visitor.onCompact(session, sequence, lowestOpen, in.getLong(body + STAMP_BYTES));
      } else {
        visitor.onWrites(session, sequence, lowestOpen, bytes.slice(at + WRITES_BYTES, end));
      }
    }
  }

  private static void checkHead(ByteBuffer batch) {
    if (batch.limit() < BATCH_HEAD_BYTES) {
      throw new IllegalArgumentException("a batch of " + batch.limit() + " bytes has no header");
    }
    byte version = batch.get(0);
    if (version != VERSION) {
      throw new IllegalArgumentException(
          "a batch of version " + version + "; this server knows " + VERSION);
    }
  }

  private static final class Collector implements Visitor {
    private final List<Command> commands = new ArrayList<>();

    @Override
    public void onOpenSession(ServerId server, UUID run) {
      commands.add(new Command.OpenSession(server, run));
    }

    @Override
    public void onPut(long session, long sequence, long lowestOpen, Bytes key, Bytes value) {
      commands.add(new Command.Put(new Command.Stamp(session, sequence, lowestOpen), key, value));
    }

    @Override
    public void onDelete(long session, long sequence, long lowestOpen, Bytes key) {
      commands.add(new Command.Delete(new Command.Stamp(session, sequence, lowestOpen), key));
    }

    @Override
    public void onCompact(long session, long sequence, long lowestOpen, long revision) {
      commands.add(new Command.Compact(new Command.Stamp(session, sequence, lowestOpen), revision));
    }

    @Override
    public void onWrites(long session, long sequence, long lowestOpen, Bytes changes) {
      List<Command.Change> all = new ArrayList<>();
      visitChanges(
          changes,
          new ChangeVisitor() {
            @Override
            public void onPut(Bytes key, Bytes value) {
              all.add(new Command.Change(key, Optional.of(value)));
            }

            @Override
            public void onDelete(Bytes key) {
              all.add(new Command.Change(key, Optional.empty()));
            }
          });
      commands.add(new Command.Writes(new Command.Stamp(session, sequence, lowestOpen), all));
    }
  }
}
