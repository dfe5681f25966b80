package io.synod.store;

import com.google.common.hash.Hashing;
import io.synod.paxos.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** What a newer release would write, with checksums that are right. */
public final class NewerFormats {
  private static final int FORM = 16;
  private static final int HASH_BYTES = 8;

  private NewerFormats() {}

  /** A snapshot file of another version. */
  public static byte[] snapshotOfVersion(int version, byte[] snapshot) {
    byte[] newer = snapshot.clone();
    ByteBuffer head = ByteBuffer.wrap(newer).putInt(8, version);
    CRC32C crc = new CRC32C();
    crc.update(newer, 0, 12);
    head.putInt(12, (int) crc.getValue());
    return newer;
  }

  /** A snapshot file with a chunk more, before its end, which only a newer release knows. */
  public static byte[] snapshotWithChunk(int kind, byte[] snapshot) {
    Out out = new Out(snapshot);
    copyChunks(snapshot, out, 0, new byte[0]);
    out.chunk(kind, new byte[] {1, 2, 3});
    return out.end();
  }

  /** A snapshot file whose first row is of another form. */
  public static byte[] snapshotWithRowOfForm(int form, byte[] snapshot) {
    for (int at = SnapshotFormat.FILE_HEAD_BYTES; ; at = next(snapshot, at)) {
      if (snapshot[at + 4] == SnapshotFormat.ROWS) {
        byte[] rows = payload(snapshot, at);
        ByteBuffer head = ByteBuffer.wrap(rows);
        int keySize = head.getInt();
        int rowSize = head.getInt();
        byte[] row = Arrays.copyOfRange(rows, 8 + keySize, 8 + keySize + rowSize);
        byte[] newer = rowOfForm(form, Bytes.wrap(rows, 8, keySize), row);
        byte[] changed = rows.clone();
        System.arraycopy(newer, 0, changed, 8 + keySize, rowSize);
        Out out = new Out(snapshot);
        copyChunks(snapshot, out, at, changed);
        return out.end();
      }
    }
  }

  /** A row of another form. */
  static byte[] rowOfForm(int form, Bytes key, byte[] row) {
    byte[] newer = row.clone();
    newer[FORM] = (byte) form;
    ByteBuffer hashed = ByteBuffer.allocate(key.size() + row.length - HASH_BYTES);
    key.writeTo(hashed);
    hashed.put(newer, 0, row.length - HASH_BYTES);
    long hash =
        Mix.mix(Hashing.farmHashFingerprint64().hashBytes(hashed.array()).asLong(), key.size());
    ByteBuffer.wrap(newer).putLong(row.length - HASH_BYTES, hash);
    return newer;
  }

  /** All but the end; the one at an offset with another payload. */
  private static void copyChunks(byte[] snapshot, Out out, int changedAt, byte[] changed) {
    int at = SnapshotFormat.FILE_HEAD_BYTES;
    while (snapshot[at + 4] != SnapshotFormat.END) {
      out.chunk(snapshot[at + 4], at == changedAt ? changed : payload(snapshot, at));
      at = next(snapshot, at);
    }
  }

  private static byte[] payload(byte[] snapshot, int at) {
    return Arrays.copyOfRange(snapshot, at + SnapshotFormat.CHUNK_HEAD_BYTES, next(snapshot, at));
  }

  private static int next(byte[] snapshot, int at) {
    return at + SnapshotFormat.CHUNK_HEAD_BYTES + ByteBuffer.wrap(snapshot).getInt(at);
  }

  private static final class Out {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Out(byte[] snapshot) {
      bytes.write(snapshot, 0, SnapshotFormat.FILE_HEAD_BYTES);
    }

    void chunk(int kind, byte[] payload) {
      ByteBuffer head = ByteBuffer.allocate(SnapshotFormat.CHUNK_HEAD_BYTES);
      head.putInt(payload.length).put((byte) kind);
      head.putInt(SnapshotFormat.crc(bytes.size(), kind, ByteBuffer.wrap(payload)));
      bytes.writeBytes(head.array());
      bytes.writeBytes(payload);
    }

    byte[] end() {
      chunk(SnapshotFormat.END, Sha256.start().digest(bytes.toByteArray()));
      return bytes.toByteArray();
    }
  }
}
