package io.synod.transport.grpc;

import io.synod.transport.PeerMessage;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The frames of the last few messages, by identity: what goes to several peers in one turn is
 * encoded once. One thread.
 */
final class EncodedLately {
  private static final int REMEMBERED = 8;

  private final @Nullable Object[] messages = new Object[REMEMBERED];
  private final @Nullable Frame[] frames = new Frame[REMEMBERED];
  private int next;

  Frame frame(PeerMessage message) {
    Object identity =
        message instanceof PeerMessage.Protocol protocol ? protocol.message() : message;
    for (int i = 0; i < REMEMBERED; i++) {
      Frame known = frames[i];
      if (messages[i] == identity && known != null) {
        return known;
      }
    }
    Frame frame = new Frame(PeerCodec.encode(message));
    messages[next] = identity;
    frames[next] = frame;
    next = (next + 1) % REMEMBERED;
    return frame;
  }

  /** Forgets all, so that nothing is kept alive. */
  void clear() {
    if (frames[0] != null) {
      Arrays.fill(messages, null);
      Arrays.fill(frames, null);
      next = 0;
    }
  }
}
