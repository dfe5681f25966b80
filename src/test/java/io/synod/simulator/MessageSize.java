package io.synod.simulator;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Message;
import io.synod.paxos.Value;
import io.synod.paxos.ValueFormat;
import io.synod.transport.PeerMessage;
import java.util.List;

/** About how many bytes a message takes on the wire. */
final class MessageSize {
  private static final int BARE = 64;

  private MessageSize() {}

  static int of(PeerMessage message) {
    if (message instanceof PeerMessage.Protocol protocol) {
      return of(protocol.message());
    } else if (message instanceof PeerMessage.Forward forward) {
      return BARE + forward.commands().size();
    } else if (message instanceof PeerMessage.SnapshotChunk chunk) {
      return BARE + chunk.bytes().size();
    }
    return BARE;
  }

  private static int of(Message message) {
    if (message instanceof Message.Propose propose) {
      int size = BARE;
      for (Value value : propose.values()) {
        size += ValueFormat.sizeBytes(value);
      }
      return size;
    } else if (message instanceof Message.Promise promise) {
      return of(promise.accepted());
    } else if (message instanceof Message.Fetched fetched) {
      return of(fetched.values());
    }
    return BARE;
  }

  private static int of(List<AcceptedValue> values) {
    int size = BARE;
    for (AcceptedValue value : values) {
      size += ValueFormat.sizeBytes(value.value());
    }
    return size;
  }
}
