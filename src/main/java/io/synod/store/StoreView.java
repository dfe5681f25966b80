package io.synod.store;

import io.synod.paxos.ClusterId;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Slot;
import io.synod.paxos.VersionInForce;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;

/**
 * The state at one slot, unaffected by what is applied after it. Taken on the driver's thread, used
 * by one thread at a time, whichever it is.
 */
public final class StoreView implements AutoCloseable {
  private final Numbers numbers;
  private final ByteBuffer sessions;
  private final List<Session> openSessions;
  private final Engine.View view;

  record Numbers(
      Slot slot,
      VersionInForce version,
      long revision,
      long logTimeMillis,
      History.Numbers history,
      long hash,
      long keys,
      long liveBytes,
      int sessions) {}

  StoreView(Numbers numbers, ByteBuffer sessions, List<Session> openSessions, Engine.View view) {
    this.numbers = numbers;
    this.sessions = sessions;
    this.openSessions = openSessions;
    this.view = view;
  }

  /** The last slot that is applied in it. */
  public Slot slot() {
    return numbers.slot();
  }

  /** The hash of this state. */
  public long hash() {
    return numbers.hash();
  }

  SnapshotInfo info(ClusterId cluster, MembershipInForce membership) {
    return new SnapshotInfo(
        cluster,
        numbers.slot(),
        membership,
        numbers.version(),
        numbers.revision(),
        numbers.logTimeMillis(),
        numbers.history(),
        numbers.hash(),
        numbers.keys(),
        numbers.liveBytes(),
        numbers.sessions());
  }

  /** What is kept of sessions that are closed, encoded. */
  ByteBuffer sessions() {
    return sessions.duplicate();
  }

  /** Copies of the open sessions. */
  List<Session> openSessions() {
    return openSessions;
  }

  Engine.Rows rows() {
    return view.rows();
  }

  /** The changes that are not compacted. */
  Iterator<Engine.Change> changes() {
    return view.changesAfter(numbers.history().compacted());
  }

  /** Lets go of the memory that it holds. */
  @Override
  public void close() {
    view.close();
  }
}
