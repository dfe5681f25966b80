package io.synod.transport.grpc;

import io.synod.paxos.Message;
import io.synod.transport.PeerMessage;

/** Which of the two connections to a peer a message takes (protocol-rules.md, 21). */
enum Lane {
  /** Ping, Pong, read points and leases: small, and late if they queue behind a batch. */
  URGENT,
  /** Everything else. */
  BULK;

  static Lane of(PeerMessage message) {
    if (message instanceof PeerMessage.Protocol protocol) {
      Message inner = protocol.message();
      if (inner instanceof Message.Ping
          || inner instanceof Message.Pong
          || inner instanceof Message.ReadPointRequest
          || inner instanceof Message.ReadPoint
          || inner instanceof Message.ReadPointRefused
          || inner instanceof Message.LeaseGiven
          || inner instanceof Message.LeaseReturned) {
        return URGENT;
      }
    }
    return BULK;
  }
}
