package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * All that a {@link ModelEngine} holds after a slot.
 *
 * @param view of its rows, and of its changes
 */
record ModelImage(
    Slot slot, Bytes numbers, Bytes sessions, List<Bytes> sessionChanges, Engine.View view) {
  private static final int FIRST_BYTES = 1 << 12;

  /** Grows as it is written. */
  private static final class Out {
    private ByteBuffer to = ByteBuffer.allocate(FIRST_BYTES);

    ByteBuffer room(int bytes) {
      if (to.remaining() < bytes) {
        int more = Math.max(2 * to.capacity(), to.position() + bytes);
        to = ByteBuffer.allocate(more).put(to.flip());
      }
      return to;
    }

    void piece(Bytes bytes) {
      room(4 + bytes.size()).putInt(bytes.size());
      bytes.writeTo(to);
    }
  }

  byte[] encode() {
    Out out = new Out();
    out.room(8).putLong(slot.number());
    out.piece(numbers);
    out.piece(sessions);
    out.room(4).putInt(sessionChanges.size());
    sessionChanges.forEach(out::piece);
    for (Engine.Rows rows = view.rows(); rows.next(); ) {
      out.room(1).put((byte) 1);
      out.piece(rows.key());
      out.piece(rows.row());
    }
    out.room(1).put((byte) 0);
    for (Iterator<Engine.Change> all = view.changesAfter(0); all.hasNext(); ) {
      Engine.Change change = all.next();
      out.room(1 + 8 + 4 + 8).put((byte) 1).putLong(change.revision()).putInt(change.place());
      out.to.putLong(change.hashBefore());
      out.piece(change.key());
      out.piece(change.before().orElse(Bytes.EMPTY));
    }
    out.room(1).put((byte) 0);
    byte[] bytes = new byte[out.to.position()];
    out.to.flip().get(bytes);
    return bytes;
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws EngineFailedException if it is anything else
   */
  static ModelImage decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      Slot slot = Slot.of(in.getLong());
      Bytes numbers = piece(in);
      Bytes sessions = piece(in);
      List<Bytes> sessionChanges = new ArrayList<>();
      for (int left = in.getInt(); left > 0; left--) {
        sessionChanges.add(piece(in));
      }
      return new ModelImage(slot, numbers, sessions, sessionChanges, new Read(in.slice()));
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw new EngineFailedException("what is kept is no state", e);
    }
  }

  private static Bytes piece(ByteBuffer in) {
    byte[] piece = new byte[in.getInt()];
    in.get(piece);
    return Bytes.wrap(piece);
  }

  /** Puts the rows and the changes into an empty engine. */
  void loadInto(Engine.Loader loader) {
    for (Engine.Rows rows = view.rows(); rows.next(); ) {
      loader.add(rows.key(), rows.row().asByteBuffer());
    }
    view.changesAfter(0).forEachRemaining(loader::add);
  }

  /** Rows and changes as they were read. */
  private static final class Read implements Engine.View {
    private final List<Bytes[]> rows = new ArrayList<>();
    private final List<Engine.Change> changes = new ArrayList<>();

    Read(ByteBuffer in) {
      while (in.get() != 0) {
        rows.add(new Bytes[] {piece(in), piece(in)});
      }
      while (in.get() != 0) {
        long revision = in.getLong();
        int place = in.getInt();
        long hashBefore = in.getLong();
        Bytes key = piece(in);
        Optional<Bytes> before = Optional.of(piece(in)).filter(row -> !row.isEmpty());
        changes.add(new Engine.Change(revision, place, hashBefore, key, before));
      }
    }

    @Override
    public Engine.Rows rows() {
      Iterator<Bytes[]> each = rows.iterator();
      return new Engine.Rows() {
        private Bytes[] at = new Bytes[2];

        @Override
        public boolean next() {
          boolean more = each.hasNext();
          at = more ? each.next() : at;
          return more;
        }

        @Override
        public Bytes key() {
          return at[0];
        }

        @Override
        public Bytes row() {
          return at[1];
        }
      };
    }

    @Override
    public Iterator<Engine.Change> changesAfter(long revision) {
      return changes.iterator();
    }

    @Override
    public void close() {}
  }
}
