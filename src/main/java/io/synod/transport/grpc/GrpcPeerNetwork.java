package io.synod.transport.grpc;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.synod.paxos.Address;
import io.synod.paxos.ClusterId;
import io.synod.paxos.ServerId;
import io.synod.transport.PeerListener;
import io.synod.transport.PeerMessage;
import io.synod.transport.PeerNetwork;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to the other servers over gRPC: listens on the consensus port, calls each peer on two
 * lanes, and calls again for as long as it runs.
 *
 * <p>A message to a peer that is not connected, or for which too much waits, is dropped and
 * counted: the protocol sends again. A message to this server itself is dropped, too; the driver
 * hands those over without a network.
 */
public final class GrpcPeerNetwork implements PeerNetwork, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GrpcPeerNetwork.class);
  private static final long CLOSE_MILLIS = 1_000;

  /** Connections whose other end is gone without a word are closed some time after this. */
  private static final long KEEP_ALIVE_SECONDS = 30;

  private static final int MAX_STREAMS_PER_CONNECTION = 16;

  /** Servers that call and are not among the peers. */
  private static final int MOST_GUESTS = 32;

  private final LocalServer local;
  private final PeerService service;
  private final EncodedLately encoded = new EncodedLately();
  private final AtomicBoolean wakeUp = new AtomicBoolean();
  private final Map<ServerId, PeerCounters> counters = new ConcurrentHashMap<>();

  /** Replaced as a whole, on the loop. */
  private volatile Map<ServerId, PeerLink> links = Map.of();

  /** Of {@link #links}, those that called without being among the peers; on the loop. */
  private final Set<PeerLink> guests = new HashSet<>();

  private final AtomicBoolean closed = new AtomicBoolean();
  private final List<ServerServiceDefinition> otherServices = new ArrayList<>();

  /** As they were set last. */
  private volatile Map<ServerId, Address> peers;

  private volatile boolean started;
  private @Nullable Server server;
  private boolean queued;

  /**
   * Nothing is opened before {@link #start}.
   *
   * @param threads stays open when this is closed, and has to be closed after it
   */
  public GrpcPeerNetwork(
      PeerNetworkSettings settings,
      PeerListener listener,
      CoordinatorSource coordinator,
      NetworkThreads threads) {
    this.local = new LocalServer(settings, listener, threads);
    this.peers = settings.peers();
    this.service = new PeerService(local, coordinator, new Callers());
  }

  /** Random for each start: what this process says of itself to the other servers. */
  public UUID run() {
    return local.run;
  }

  /** Another service on the consensus port. Before {@link #start}. */
  public void addService(ServerServiceDefinition definition) {
    otherServices.add(definition);
  }

  /**
   * Listens, and begins to call the peers. Blocks until it listens.
   *
   * @throws IOException naming the port, if it cannot be listened on
   */
  public void start() throws IOException {
    Address listen = local.settings.listen();
    Server starting =
        NettyServerBuilder.forAddress(new InetSocketAddress(listen.host(), listen.port()))
            .bossEventLoopGroup(local.loop)
            .workerEventLoopGroup(local.loop)
            .channelType(local.threads.serverChannelType())
            .directExecutor()
            .maxInboundMessageSize(local.limits().messageBytes())
            .flowControlWindow(local.limits().receiveWindowBytes())
            .maxConcurrentCallsPerConnection(MAX_STREAMS_PER_CONNECTION)
            .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
            .permitKeepAliveTime(1, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .addService(service.definition())
            .addServices(otherServices)
            .build();
    started = true;
    local.loop.execute(this::changePeers);
    try {
      starting.start();
    } catch (IOException e) {
      close();
      throw Ports.cannotListen("the other servers", listen, e);
    }
    server = starting;
    LOG.info("listening for the other servers on {}", listen);
  }

  @Override
  public void send(ServerId to, PeerMessage message) {
    PeerLink link = links.get(to);
    if (link == null) {
      return;
    }
    if (local.isCut(to)) {
      link.counters().droppedByCut.increment();
      return;
    }
    OutboundLane lane = link.lane(Lane.of(message));
    if (lane.isOpen() && lane.offer(encoded.frame(message))) {
      queued = true;
    } else {
      link.counters().droppedOutbound.increment();
    }
  }

  @Override
  public void flush() {
    encoded.clear();
    if (queued) {
      queued = false;
      if (local.loop.inEventLoop()) {
        drain();
      } else if (wakeUp.compareAndSet(false, true)) {
        local.loop.execute(this::drain);
      }
    }
  }

  private void drain() {
    wakeUp.set(false);
    for (PeerLink link : links.values()) {
      link.drain();
    }
  }

  /**
   * The cluster that this server belongs to, once it is founded. From now on servers of another one
   * are refused, and streams with such end; streams opened before either side knew go on. Any
   * thread.
   */
  public void setCluster(ClusterId cluster) {
    local.setCluster(cluster);
    local.loop.execute(() -> links.values().forEach(PeerLink::onCluster));
  }

  /**
   * Cuts this server off from these peers, and from no others: nothing passes either way, silently,
   * and their end is not noticed. Connections stay. Any thread.
   */
  public void setCut(Set<ServerId> peers) {
    local.setCut(peers);
  }

  /**
   * Who the other servers are and where they listen, in place of those in the settings. Streams to
   * and from those that stay go on. Any thread.
   */
  public void setPeers(Map<ServerId, Address> all) {
    Map<ServerId, Address> others = new LinkedHashMap<>(all);
    others.remove(local.id());
    peers = Collections.unmodifiableMap(others);
    if (started) {
      local.loop.execute(this::changePeers);
    }
  }

  /** How many messages and streams were refused since the start, whoever sent them. */
  public long rejected() {
    return local.rejectedMessages.sum() + service.refusedStreams();
  }

  private void changePeers() {
    Map<ServerId, PeerLink> before = links;
    Map<ServerId, PeerLink> after = new LinkedHashMap<>();
    List<PeerLink> added = new ArrayList<>();
    peers.forEach(
        (peer, address) -> {
          PeerLink link = before.get(peer);
          if (link == null || guests.contains(link) || !link.address().equals(address)) {
            link =
                new PeerLink(
                    local,
                    peer,
                    address,
                    counters.computeIfAbsent(peer, unused -> new PeerCounters()));
            added.add(link);
          }
          after.put(peer, link);
        });
    for (PeerLink guest : guests) {
      after.putIfAbsent(guest.peer(), guest);
    }
    guests.retainAll(after.values());
    links = Collections.unmodifiableMap(after);
    counters.keySet().retainAll(after.keySet());
    for (PeerLink link : before.values()) {
      if (after.get(link.peer()) != link) {
        link.stop("no longer a peer at this address");
      }
    }
    added.forEach(PeerLink::start);
  }

  /** Confined to the loop. */
  private final class Callers implements PeerService.Links {
    @Override
    public Optional<PeerLink> to(ServerId peer) {
      return Optional.ofNullable(links.get(peer));
    }

    @Override
    public boolean hasRoomForGuest() {
      return guests.size() < MOST_GUESTS && !closed.get();
    }

    @Override
    public PeerLink toGuest(Handshake.Greeting caller) {
      PeerLink link =
          new PeerLink(
              local,
              caller.from(),
              caller.consensusAddress(),
              counters.computeIfAbsent(caller.from(), unused -> new PeerCounters()),
              this::forget);
      LOG.info(
          "server {} at {} called, which is not among the peers",
          caller.from().number(),
          caller.consensusAddress());
      guests.add(link);
      Map<ServerId, PeerLink> more = new LinkedHashMap<>(links);
      more.put(caller.from(), link);
      links = Collections.unmodifiableMap(more);
      link.start();
      return link;
    }

    private void forget(PeerLink guest) {
      if (guests.remove(guest)) {
        Map<ServerId, PeerLink> fewer = new LinkedHashMap<>(links);
        fewer.remove(guest.peer(), guest);
        links = Collections.unmodifiableMap(fewer);
        counters.keySet().retainAll(fewer.keySet());
        guest.stop("a guest that is gone");
      }
    }
  }

  /**
   * What passed between this server and each that is a peer, or has called, and is not forgotten.
   * Any thread.
   */
  public Map<ServerId, PeerCounters> counters() {
    return Collections.unmodifiableMap(counters);
  }

  /** How many bytes wait to be sent, to all peers. Any thread. */
  public long queuedBytes() {
    long bytes = 0;
    for (PeerLink link : links.values()) {
      bytes += link.lane(Lane.URGENT).queuedBytes() + link.lane(Lane.BULK).queuedBytes();
    }
    return bytes;
  }

  /** How many streams of other servers were refused. Any thread. */
  public long refusedStreams() {
    return service.refusedStreams();
  }

  /** Whether messages to this peer leave now, on both lanes. Any thread. */
  public boolean isConnected(ServerId peer) {
    PeerLink link = links.get(peer);
    return link != null && link.lane(Lane.URGENT).isOpen() && link.lane(Lane.BULK).isOpen();
  }

  /**
   * Stops listening, sends what was flushed as far as peers take it, and ends all streams. Waits at
   * most about two seconds. Not on a network thread. The driver sends nothing any more.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MILLIS);
    if (server != null) {
      server.shutdown();
    }
    List<ManagedChannel> channels = new ArrayList<>();
    try {
      channels.addAll(local.loop.submit(this::stopLinks).get(CLOSE_MILLIS, TimeUnit.MILLISECONDS));
      for (ManagedChannel channel : channels) {
        channel.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("the streams to the other servers could not be ended in order", e);
    }
    channels.forEach(ManagedChannel::shutdownNow);
    if (server != null) {
      server.shutdownNow();
      try {
        server.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private List<ManagedChannel> stopLinks() {
    List<ManagedChannel> channels = new ArrayList<>();
    for (PeerLink link : links.values()) {
      channels.addAll(link.stop("server " + local.id().number() + " stops"));
    }
    links = Map.of();
    return channels;
  }
}
