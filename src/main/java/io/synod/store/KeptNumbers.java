package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Slot;
import io.synod.paxos.ValueFormat;
import io.synod.paxos.VersionInForce;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/**
 * The state beside rows and sessions, as an engine with files keeps it with each slot, all numbers
 * big-endian:
 *
 * <pre>
 * version (1), revision, log time, history's compacted, hash and compacted hash, bytes of history,
 * sum of the rows' hashes, keys, live bytes, hash of the state (8 each); if it belongs to a cluster:
 * cluster (16), slot of the membership (8), membership
 * </pre>
 *
 * That is version 1, which is written as long as the cluster behaves by the first version. In
 * version 2 that version stands behind the hash of the state: the slot that decided it (8), its
 * number (4).
 *
 * @param hash of all of the state, sessions included
 * @param belonging empty before the store was told
 */
record KeptNumbers(
    VersionInForce version,
    long revision,
    long logTimeMillis,
    History.Numbers history,
    long historyBytes,
    long rowsHash,
    long keys,
    long liveBytes,
    long hash,
    Optional<Belonging> belonging) {
  /** The newest. */
  static final int VERSION = 2;

  private static final int WITHOUT_VERSION_IN_FORCE = 1;
  private static final int VERSION_IN_FORCE_BYTES = 8 + 4;
  private static final int NUMBERS_BYTES = 1 + 10 * 8;
  private static final int BELONGING_BYTES = 16 + 8;

  Bytes encode() {
    Bytes membership =
        belonging
            .map(it -> ValueFormat.membership(it.membership().membership()))
            .orElse(Bytes.EMPTY);
    ByteBuffer out =
        ByteBuffer.allocate(
            NUMBERS_BYTES + VERSION_IN_FORCE_BYTES + BELONGING_BYTES + membership.size());
    boolean named = !version.equals(VersionInForce.FIRST);
    out.put((byte) (named ? VERSION : WITHOUT_VERSION_IN_FORCE));
    out.putLong(revision).putLong(logTimeMillis);
    out.putLong(history.compacted()).putLong(history.hash()).putLong(history.compactedHash());
    out.putLong(historyBytes).putLong(rowsHash).putLong(keys).putLong(liveBytes).putLong(hash);
    if (named) {
      out.putLong(version.decidedAt().number()).putInt(version.number());
    }
    if (belonging.isPresent()) {
      UUID cluster = belonging.get().cluster().id();
      out.putLong(cluster.getMostSignificantBits()).putLong(cluster.getLeastSignificantBits());
      out.putLong(belonging.get().membership().decidedAt().number());
      membership.writeTo(out);
    }
    return Bytes.copyOf(out.flip());
  }

  /** Whether this release knows numbers of this version. */
  static boolean isKnown(int format) {
    return format >= WITHOUT_VERSION_IN_FORCE && format <= VERSION;
  }

  /** The version of what {@link #encode} wrote, be it known or not. */
  static int version(Bytes bytes) {
    return bytes.at(0);
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException if it is of a version that this release does not know
   */
  static KeptNumbers decode(Bytes bytes) {
    ByteBuffer in = bytes.asByteBuffer();
    int format = in.get();
    if (!isKnown(format)) {
      throw new IllegalArgumentException(
          "numbers of version " + format + ": this release knows up to " + VERSION);
    }
    long revision = in.getLong();
    long logTimeMillis = in.getLong();
    History.Numbers history = new History.Numbers(in.getLong(), in.getLong(), in.getLong());
    long historyBytes = in.getLong();
    long rowsHash = in.getLong();
    long keys = in.getLong();
    long liveBytes = in.getLong();
    long hash = in.getLong();
    VersionInForce version =
        format == WITHOUT_VERSION_IN_FORCE
            ? VersionInForce.FIRST
            : new VersionInForce(new Slot(in.getLong()), in.getInt());
    Optional<Belonging> belonging =
        in.hasRemaining() ? Optional.of(belonging(in)) : Optional.empty();
    return new KeptNumbers(
        version,
        revision,
        logTimeMillis,
        history,
        historyBytes,
        rowsHash,
        keys,
        liveBytes,
        hash,
        belonging);
  }

  private static Belonging belonging(ByteBuffer in) {
    ClusterId cluster = new ClusterId(new UUID(in.getLong(), in.getLong()));
    Slot decidedAt = new Slot(in.getLong());
    return new Belonging(
        cluster, new MembershipInForce(decidedAt, ValueFormat.membership(Bytes.copyOf(in))));
  }
}
