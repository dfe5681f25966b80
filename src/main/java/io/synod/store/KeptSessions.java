package io.synod.store;

import io.synod.paxos.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * All sessions as an engine with files keeps them: pieces as in a snapshot, each after its size.
 */
final class KeptSessions {
  private KeptSessions() {}

  static Bytes encode(Sessions sessions) {
    List<ByteBuffer> pieces = new ArrayList<>();
    pieces.add(SnapshotFormat.sessions(sessions));
    for (Session session : sessions.open()) {
      pieces.add(SnapshotFormat.session(session));
    }
    int sizeBytes = pieces.stream().mapToInt(piece -> 4 + piece.remaining()).sum();
    ByteBuffer out = ByteBuffer.allocate(sizeBytes);
    pieces.forEach(piece -> out.putInt(piece.remaining()).put(piece));
    return Bytes.copyOf(out.flip());
  }

  static Sessions decode(Bytes bytes) {
    ByteBuffer in = bytes.asByteBuffer();
    Sessions sessions = SnapshotFormat.sessions(piece(in));
    while (in.hasRemaining()) {
      sessions.add(SnapshotFormat.session(piece(in)));
    }
    return sessions;
  }

  private static ByteBuffer piece(ByteBuffer in) {
    ByteBuffer piece = in.slice(in.position() + 4, in.getInt(in.position()));
    in.position(in.position() + 4 + piece.remaining());
    return piece;
  }
}
