package io.synod.journal;

import io.synod.paxos.Bytes;
import io.synod.paxos.Incarnation;
import io.synod.paxos.ServerId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The payload of a segment's first frame, and of a promise file.
 *
 * @param identity whose it is
 * @param sizeBytes how long the file was made before the header was synced: one that is shorter was
 *     truncated
 * @param filled whether all its bytes were written ahead of use
 * @param recordsPerSync how many records at most are written and not synced
 * @param recoveredEnd frames before this offset were durable before the header was
 * @param before the segments that hold the log before this one, oldest first, all of them durable
 *     up to where they end; what follows there is no part of the log
 * @param state what the log says up to here
 */
record SegmentHeader(
    Identity identity,
    long sizeBytes,
    boolean filled,
    int recordsPerSync,
    long recoveredEnd,
    List<Extent> before,
    JournalState state) {

  /** A part of the log: the frames of this use up to this offset. */
  record Extent(long use, long end) {}

  Bytes encode() {
    Bytes tail = state.encode();
    ByteBuffer out =
        ByteBuffer.allocate(4 + 20 + 8 + 1 + 4 + 8 + 4 + 16 * before.size() + tail.size());
    out.putInt(identity.formatVersion());
    RecordFormat.putId(identity.incarnation().id(), out);
    out.putInt(identity.server().number());
    out.putLong(sizeBytes)
        .put((byte) (filled ? 1 : 0))
        .putInt(recordsPerSync)
        .putLong(recoveredEnd);
    out.putInt(before.size());
    for (Extent extent : before) {
      out.putLong(extent.use()).putLong(extent.end());
    }
    tail.writeTo(out);
    return Bytes.wrap(out.array());
  }

  /**
   * Reads a header whose checksum was right.
   *
   * @throws JournalRefusedException if a newer program wrote it
   */
  static SegmentHeader decode(String file, ByteBuffer in) throws JournalRefusedException {
    int version = in.getInt();
    if (version > Identity.FORMAT_VERSION) {
      throw new JournalRefusedException(
          file
              + " has journal format "
              + version
              + "; this program knows "
              + Identity.FORMAT_VERSION
              + ": start a newer one");
    }
    Incarnation incarnation = new Incarnation(RecordFormat.id(in));
    Identity identity = new Identity(incarnation, new ServerId(in.getInt()), version);
    long sizeBytes = in.getLong();
    boolean filled = in.get() != 0;
    int recordsPerSync = in.getInt();
    long recoveredEnd = in.getLong();
    List<Extent> before = new ArrayList<>();
    for (int left = in.getInt(); left > 0; left--) {
      before.add(new Extent(in.getLong(), in.getLong()));
    }
    return new SegmentHeader(
        identity, sizeBytes, filled, recordsPerSync, recoveredEnd, before, JournalState.decode(in));
  }
}
