package io.synod.transport;

import io.synod.paxos.Incarnation;
import io.synod.paxos.ServerId;

/** Who takes what the other servers send. Called on network threads; must not block. */
public interface PeerListener {

  /**
   * A message came from this life of this server, of this cluster.
   *
   * @return false if there is no room: the message is dropped
   */
  boolean received(ServerId from, Incarnation incarnation, PeerMessage message);

  /** The stream to a peer broke, and a new connection was refused at once: its process is gone. */
  void unreachable(ServerId peer);

  /**
   * A peer that this server called is of another cluster than this one: nothing passes between
   * them. Called at each attempt.
   *
   * @param why names both clusters, for a person to read
   */
  default void isOfAnotherCluster(ServerId peer, String why) {}
}
