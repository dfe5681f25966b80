package io.synod.simulator;

import io.synod.paxos.ServerId;
import io.synod.transport.PeerMessage;
import io.synod.transport.PeerNetwork;

/** Shows the oracle what leaves a server. */
final class ObservedNetwork implements PeerNetwork {
  private final Oracle oracle;
  private final ServerLife life;
  private final PeerNetwork network;
  private final Runnable onSnapshotSent;

  /**
   * @param onSnapshotSent runs with each piece of a snapshot
   */
  ObservedNetwork(Oracle oracle, ServerLife life, PeerNetwork network, Runnable onSnapshotSent) {
    this.oracle = oracle;
    this.life = life;
    this.network = network;
    this.onSnapshotSent = onSnapshotSent;
  }

  @Override
  public void send(ServerId to, PeerMessage message) {
    if (message instanceof PeerMessage.Protocol protocol) {
      oracle.sends(life, protocol.message());
    } else if (message instanceof PeerMessage.SnapshotChunk chunk && !chunk.bytes().isEmpty()) {
      onSnapshotSent.run();
    }
    network.send(to, message);
  }

  @Override
  public void flush() {
    network.flush();
  }
}
