package io.synod.transport.grpc;

import io.synod.paxos.Address;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.ServerId;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who this server is to its peers, who they are, and how much may wait for them.
 *
 * @param server its id
 * @param incarnation the life of its data directory
 * @param listen where it listens for the others
 * @param listed the founding list, in order
 * @param peers where the others listen; this server itself may be among them and is left out
 * @param cluster known from an earlier run, or none before the founding
 * @param expected the only cluster that it may join. Others hear nothing of it: it may be wrong
 * @param limits bounds and timings
 */
public record PeerNetworkSettings(
    ServerId server,
    Incarnation incarnation,
    Address listen,
    List<Address> listed,
    Map<ServerId, Address> peers,
    Optional<ClusterId> cluster,
    Optional<ClusterId> expected,
    Limits limits) {

  public PeerNetworkSettings {
    listed = List.copyOf(listed);
    Map<ServerId, Address> others = new LinkedHashMap<>(peers);
    others.remove(server);
    peers = Collections.unmodifiableMap(others);
  }

  /** A server that knows only the founding list: ids are places in it, from 0. */
  public static PeerNetworkSettings ofList(
      ServerId server,
      Incarnation incarnation,
      Address listen,
      List<Address> listed,
      Optional<ClusterId> cluster) {
    Map<ServerId, Address> peers = new LinkedHashMap<>();
    for (int i = 0; i < listed.size(); i++) {
      peers.put(new ServerId(i), listed.get(i));
    }
    return new PeerNetworkSettings(
        server, incarnation, listen, listed, peers, cluster, Optional.empty(), Limits.DEFAULT);
  }

  /** Where the others reach this server: as listed, or where it listens if it joined later. */
  public Address consensusAddress() {
    return server.number() < listed.size() ? listed.get(server.number()) : listen;
  }

  /** The same with other bounds. */
  public PeerNetworkSettings withLimits(Limits other) {
    return new PeerNetworkSettings(
        server, incarnation, listen, listed, peers, cluster, expected, other);
  }

  /** The same, of a server that joins no cluster but this one; of any if none is named. */
  public PeerNetworkSettings withExpected(Optional<ClusterId> only) {
    return new PeerNetworkSettings(
        server, incarnation, listen, listed, peers, cluster, only, limits);
  }

  /**
   * Bounds and timings.
   *
   * @param messageBytes the largest message, sent or received
   * @param queueBytes how much may wait for one peer on one lane; a message that finds the queue
   *     empty may exceed it
   * @param queueMessages how many may wait for one peer on one lane
   * @param receiveWindowBytes how much a peer may have sent on one lane before it is read
   * @param redialMillis the longest wait between two attempts to reach a peer; five times that once
   *     it has been gone for many attempts
   * @param connectMillis how long a connection, and then an answer to Hello, is waited for
   */
  public record Limits(
      int messageBytes,
      int queueBytes,
      int queueMessages,
      int receiveWindowBytes,
      int redialMillis,
      int connectMillis) {
    /** For servers a local network apart. */
    public static final Limits DEFAULT =
        new Limits((4 << 20) + (64 << 10), 16 << 20, 8_192, 4 << 20, 200, 1_000);
  }
}
