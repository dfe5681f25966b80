package io.synod.simulator;

import io.synod.paxos.ServerId;
import io.synod.transport.PeerMessage;
import io.synod.transport.PeerNetwork;

/** Shows the oracle what leaves a server. */
final class ObservedNetwork implements PeerNetwork {
  private final Oracle oracle;
  private final ServerLife life;
  private final PeerNetwork network;

  ObservedNetwork(Oracle oracle, ServerLife life, PeerNetwork network) {
    this.oracle = oracle;
    this.life = life;
    this.network = network;
  }

  @Override
  public void send(ServerId to, PeerMessage message) {
    if (message instanceof PeerMessage.Protocol protocol) {
      oracle.sends(life, protocol.message());
    }
    network.send(to, message);
  }

  @Override
  public void flush() {
    network.flush();
  }
}
