package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Writes a run: commands one behind the other, ready to be forwarded and put into a batch as they
 * are. Made once and used for one run after the other; one thread.
 */
public final class CommandEncoder {
  private static final int FIRST_BYTES = 4_096;

  private final int limitBytes;
  private ByteBuffer out = ByteBuffer.allocate(FIRST_BYTES);
  private int count;

  /**
   * @param limitBytes how large a run may grow; the first command of a run may exceed it
   */
  public CommandEncoder(int limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** How many bytes the run has so far. */
  public int sizeBytes() {
    return out.position();
  }

  /** How many commands the run has so far. */
  public int count() {
    return count;
  }

  /** Whether a command of this size ({@link CommandFormat#putSizeBytes} and so on) still fits. */
  public boolean hasRoom(int commandSizeBytes) {
    return count == 0 || commandSizeBytes <= limitBytes - out.position();
  }

  /**
   * Appends a {@link Command.OpenSession}.
   *
   * @throws IllegalStateException without room
   */
  public void putOpenSession(ServerId server, UUID run) {
    head(CommandFormat.OPEN_SESSION, CommandFormat.openSessionSizeBytes());
    out.putInt(server.number());
    out.putLong(run.getMostSignificantBits()).putLong(run.getLeastSignificantBits());
  }

  /**
   * Appends a {@link Command.Put}. The bytes are copied.
   *
   * @throws IllegalArgumentException if a size is out of its limit or the stamp is none
   * @throws IllegalStateException without room
   */
  public void putPut(long session, long sequence, long lowestOpen, Bytes key, Bytes value) {
    CommandCheck.checkStamp(session, sequence, lowestOpen);
    CommandCheck.checkKey(key.size());
    CommandCheck.checkValue(value.size());
    head(CommandFormat.PUT, CommandFormat.putSizeBytes(key, value));
    out.putLong(session).putLong(sequence).putLong(lowestOpen).putInt(key.size());
    key.writeTo(out);
    value.writeTo(out);
  }

  /**
   * Appends a {@link Command.Delete}. The bytes are copied.
   *
   * @throws IllegalArgumentException if a size is out of its limit or the stamp is none
   * @throws IllegalStateException without room
   */
  public void putDelete(long session, long sequence, long lowestOpen, Bytes key) {
    CommandCheck.checkStamp(session, sequence, lowestOpen);
    CommandCheck.checkKey(key.size());
    head(CommandFormat.DELETE, CommandFormat.deleteSizeBytes(key));
    out.putLong(session).putLong(sequence).putLong(lowestOpen);
    key.writeTo(out);
  }

  /**
   * Appends a {@link Command.Compact}.
   *
   * @throws IllegalArgumentException if the stamp or the revision is none
   * @throws IllegalStateException without room
   */
  public void putCompact(long session, long sequence, long lowestOpen, long revision) {
    CommandCheck.checkStamp(session, sequence, lowestOpen);
    CommandCheck.checkRevision(revision);
    head(CommandFormat.COMPACT, CommandFormat.compactSizeBytes());
    out.putLong(session).putLong(sequence).putLong(lowestOpen).putLong(revision);
  }

  /**
   * Appends a {@link Command.Writes}. The bytes are copied.
   *
   * @param changes no two of one key
   * @throws IllegalArgumentException if a size is out of its limit or the stamp is none
   * @throws IllegalStateException without room
   */
  public void putWrites(
      long session, long sequence, long lowestOpen, List<Command.Change> changes) {
    CommandCheck.checkStamp(session, sequence, lowestOpen);
    int sizeBytes = 0;
    for (Command.Change change : changes) {
      int value = change.value().map(Bytes::size).orElse(0);
      CommandCheck.checkKey(change.key().size());
      CommandCheck.checkValue(value);
      sizeBytes += change.key().size() + value;
    }
    CommandCheck.checkChanges(changes.size(), sizeBytes);
    head(CommandFormat.WRITES, CommandFormat.writesSizeBytes(changes));
    out.putLong(session).putLong(sequence).putLong(lowestOpen);
    for (Command.Change change : changes) {
      Optional<Bytes> value = change.value();
      out.putInt(change.key().size()).putInt(value.map(Bytes::size).orElse(CommandFormat.DELETED));
      change.key().writeTo(out);
      value.ifPresent(bytes -> bytes.writeTo(out));
    }
  }

  /** Appends a command. */
  public void put(Command command) {
    if (command instanceof Command.Put put) {
      Command.Stamp stamp = put.stamp();
      putPut(stamp.session(), stamp.sequence(), stamp.lowestOpen(), put.key(), put.value());
    } else if (command instanceof Command.Delete delete) {
      Command.Stamp stamp = delete.stamp();
      putDelete(stamp.session(), stamp.sequence(), stamp.lowestOpen(), delete.key());
    } else if (command instanceof Command.Compact compact) {
      Command.Stamp stamp = compact.stamp();
      putCompact(stamp.session(), stamp.sequence(), stamp.lowestOpen(), compact.revision());
    } else if (command instanceof Command.Writes writes) {
      Command.Stamp stamp = writes.stamp();
      putWrites(stamp.session(), stamp.sequence(), stamp.lowestOpen(), writes.changes());
    } else {
      Command.OpenSession open = (Command.OpenSession) command;
      putOpenSession(open.server(), open.run());
    }
  }

  /** Takes out the run, in an array of its own size; the next one begins empty. */
  public Bytes take() {
    Bytes run = Bytes.wrap(Arrays.copyOf(out.array(), out.position()));
    if (out.capacity() > Math.max(limitBytes, FIRST_BYTES)) {
      out = ByteBuffer.allocate(FIRST_BYTES);
    }
    out.clear();
    count = 0;
    return run;
  }

  private void head(byte kind, int sizeBytes) {
    if (!hasRoom(sizeBytes)) {
      throw new IllegalStateException(
          "no room for "
              + sizeBytes
              + " bytes in a run of "
              + out.position()
              + ", limit "
              + limitBytes);
    }
    int needed = out.position() + sizeBytes;
    if (needed > out.capacity()) {
      int larger = Math.max(needed, (int) Math.min(2L * out.capacity(), limitBytes));
      out = ByteBuffer.allocate(larger).put(out.flip());
    }
    out.putInt(sizeBytes - CommandFormat.SIZE_FIELD_BYTES).put(kind);
    count++;
  }
}
