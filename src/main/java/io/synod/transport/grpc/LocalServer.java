package io.synod.transport.grpc;

import io.grpc.netty.shaded.io.netty.channel.EventLoop;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.ServerId;
import io.synod.transport.PeerListener;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;

/** This server, as all streams of it need to know it. Any thread. */
final class LocalServer {
  final PeerNetworkSettings settings;
  final PeerListener listener;
  final NetworkThreads threads;

  /** The one thread to which all streams are confined. */
  final EventLoop loop;

  /** Of this start of the process. */
  final UUID run = UUID.randomUUID();

  final Bytes foundingList;

  /** Of whoever is, or was, a peer. */
  final LongAdder rejectedMessages = new LongAdder();

  private volatile Optional<ClusterId> founded;
  private volatile Set<ServerId> cut = Set.of();

  LocalServer(PeerNetworkSettings settings, PeerListener listener, NetworkThreads threads) {
    this.settings = settings;
    this.listener = listener;
    this.threads = threads;
    this.loop = threads.group().next();
    this.foundingList = Handshake.digest(settings.listed());
    this.founded = settings.cluster();
  }

  ServerId id() {
    return settings.server();
  }

  PeerNetworkSettings.Limits limits() {
    return settings.limits();
  }

  /** The cluster that its log is of: what it says of itself to others. */
  Optional<ClusterId> founded() {
    return founded;
  }

  /** That cluster, or the one that it is to join: what others must not differ from. */
  Optional<ClusterId> cluster() {
    return founded.or(settings::expected);
  }

  void setCluster(ClusterId known) {
    founded = Optional.of(known);
  }

  /** What it says to a peer first, on each stream. */
  Handshake.Greeting greeting(ServerId peer, Lane lane, long attempt) {
    return new Handshake.Greeting(
        Handshake.Versions.OURS,
        founded,
        id(),
        peer,
        settings.incarnation(),
        run,
        settings.consensusAddress(),
        foundingList,
        lane,
        attempt,
        /* onlyAsks= */ false);
  }

  /** Whether nothing may pass to or from this peer. */
  boolean isCut(ServerId peer) {
    return cut.contains(peer);
  }

  void setCut(Set<ServerId> peers) {
    cut = Set.copyOf(peers);
  }

  /** Runs {@code task} on the loop: now if this is its thread. */
  void onLoop(Runnable task) {
    if (loop.inEventLoop()) {
      task.run();
    } else {
      loop.execute(task);
    }
  }
}
