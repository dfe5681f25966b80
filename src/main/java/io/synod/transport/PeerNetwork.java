package io.synod.transport;

import io.synod.paxos.ServerId;

/** The way to the other servers. */
public interface PeerNetwork {

  /**
   * Sends a message, or drops it: when the peer is not connected or takes less than it is sent.
   * Order is kept to one peer on one lane, as long as the stream lasts. Never blocks; driver thread
   * only.
   */
  void send(ServerId to, PeerMessage message);

  /**
   * The driver has sent all that it had this turn: what was kept back to share a wake-up leaves
   * now. Driver thread only.
   */
  void flush();
}
