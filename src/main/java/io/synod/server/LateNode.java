package io.synod.server;

import io.synod.node.Node;
import io.synod.paxos.Incarnation;
import io.synod.paxos.ServerId;
import io.synod.transport.PeerListener;
import io.synod.transport.PeerMessage;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The node as peers see it, who may call before there is one to answer them. Any thread. */
final class LateNode implements PeerListener {
  private final BooleanSupplier isOpen;
  private final SynodServer.Ending ending;
  private volatile @Nullable Node node;

  /**
   * @param isOpen whether the log says which cluster this server is of
   */
  LateNode(BooleanSupplier isOpen, SynodServer.Ending ending) {
    this.isOpen = isOpen;
    this.ending = ending;
  }

  /** From now on this node answers. */
  void follow(Node present) {
    node = present;
  }

  @Override
  public boolean received(ServerId from, Incarnation incarnation, PeerMessage message) {
    Node present = node;
    return present != null && present.received(from, incarnation, message);
  }

  @Override
  public void unreachable(ServerId peer) {
    Node present = node;
    if (present != null) {
      present.unreachable(peer);
    }
  }

  /** One that has a log goes by it; one that has none must not wait for ever. */
  @Override
  public void isOfAnotherCluster(ServerId peer, String why) {
    if (!isOpen.getAsBoolean()) {
      ending.misconfigured(why + ", as cluster_id says: mend the replicas, or cluster_id");
    }
  }
}
