package io.synod.transport.grpc;

import io.grpc.ManagedChannel;
import io.synod.paxos.Address;
import io.synod.paxos.ServerId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All there is between this server and one peer: two lanes out, two in. Confined to the loop, but
 * for {@link #lane} and what is final.
 */
final class PeerLink {
  private static final Logger LOG = LoggerFactory.getLogger(PeerLink.class);
  private static final int REMEMBERED_RUNS = 64;

  private final LocalServer local;
  private final ServerId peer;
  private final Address address;
  private final PeerCounters counters;
  private final OutboundLane urgent;
  private final OutboundLane bulk;
  private final Map<Lane, InboundStream> inbound = new EnumMap<>(Lane.class);
  private final CallBack callBack;
  private final Occasionally refusals = new Occasionally();
  private final Occasionally rejections = new Occasionally();

  /** The process that said Hello last, and those that it came after. */
  private @Nullable UUID run;

  private final Deque<UUID> formerRuns = new ArrayDeque<>();

  /** Heard or reached since the last break. */
  private boolean alive;

  /** Broken, and neither reached again nor reported since. */
  private boolean broken;

  private boolean stopped;

  /** What to do when its last stream ends; none for a peer that is expected to come back. */
  private final Consumer<PeerLink> onGone;

  PeerLink(LocalServer local, ServerId peer, Address address, PeerCounters counters) {
    this(local, peer, address, counters, link -> {});
  }

  PeerLink(
      LocalServer local,
      ServerId peer,
      Address address,
      PeerCounters counters,
      Consumer<PeerLink> onGone) {
    this.onGone = onGone;
    this.local = local;
    this.peer = peer;
    this.address = address;
    this.counters = counters;
    this.urgent = new OutboundLane(local, this, Lane.URGENT);
    this.bulk = new OutboundLane(local, this, Lane.BULK);
    this.callBack = new CallBack(local, this);
  }

  ServerId peer() {
    return peer;
  }

  Address address() {
    return address;
  }

  PeerCounters counters() {
    return counters;
  }

  OutboundLane lane(Lane lane) {
    return lane == Lane.URGENT ? urgent : bulk;
  }

  boolean isUrgentOpen() {
    return urgent.isOpen();
  }

  void start() {
    urgent.dialNow();
  }

  void drain() {
    urgent.drain();
    bulk.drain();
  }

  /** Ends all streams; returns the channels whose last messages are still on their way. */
  List<ManagedChannel> stop(String why) {
    stopped = true;
    List<ManagedChannel> channels = new ArrayList<>();
    urgent.stop().ifPresent(channels::add);
    bulk.stop().ifPresent(channels::add);
    callBack.stop(why).ifPresent(channels::add);
    for (InboundStream stream : new ArrayList<>(inbound.values())) {
      stream.close(why);
    }
    inbound.clear();
    return channels;
  }

  // ---- outbound --------------------------------------------------------------------------------

  /** The peer took our Hello. */
  void onOpened(Lane lane) {
    alive = true;
    broken = false;
    if (lane == Lane.URGENT) {
      LOG.info("connected to server {} at {}", peer.number(), address);
      bulk.dialNow();
    }
  }

  /** A stream to the peer, or from it, broke. */
  void onBroken(String why) {
    counters.breaks.increment();
    if (alive) {
      alive = false;
      broken = true;
      LOG.info("connection to server {} at {} broke: {}", peer.number(), address, why);
    }
  }

  /** An attempt to reach the peer came to nothing. */
  void onNotOpened(OutboundStream.End end, String why) {
    switch (end) {
      case CONNECTION_REFUSED -> {
        // A peer that is cut off on purpose could not be heard to refuse.
        if (broken && !local.isCut(peer)) {
          broken = false;
          LOG.info("server {} at {} is gone: its port refuses connections", peer.number(), address);
          local.listener.unreachable(peer);
        }
      }
      case HELLO_REFUSED -> {
        broken = false;
        if (refusals.isDue(why)) {
          LOG.warn("no stream to server {} at {}: {}", peer.number(), address, why);
        }
      }
      case BROKEN -> LOG.debug("no stream to server {} at {}: {}", peer.number(), address, why);
    }
  }

  // ---- inbound ---------------------------------------------------------------------------------

  /**
   * Whether another process is heard as this peer. A process that ended is not: its streams end
   * with it, so that whoever comes after it need not wait.
   */
  boolean isContested(Handshake.Greeting caller) {
    return run != null && !caller.run().equals(run) && !inbound.isEmpty();
  }

  void askWhoIsThere(CallBack.Waiting caller) {
    callBack.ask(caller);
  }

  /**
   * Why this caller is not listened to, in the light of those that called before; none if it is.
   *
   * @param there the process that answers at the peer's address, if that was asked
   */
  Optional<String> refusal(Handshake.Greeting caller, String host, Optional<UUID> there) {
    if (isContested(caller)) {
      return there.equals(Optional.of(caller.run()))
          ? Optional.empty()
          : contestedRefusal(caller, host, there);
    }
    InboundStream present = inbound.get(caller.lane());
    if (present != null
        && caller.run().equals(run)
        && present.greeting().attempt() >= caller.attempt()) {
      return Optional.of("a later stream of server " + peer.number() + " was opened");
    }
    return Optional.empty();
  }

  /** The process at the peer's address stays; if neither is, or answers, the later one does. */
  private Optional<String> contestedRefusal(
      Handshake.Greeting caller, String host, Optional<UUID> there) {
    String name = "server " + peer.number();
    if (there.equals(Optional.ofNullable(run))) {
      return Optional.of(
          name
              + " runs at "
              + address
              + " and answers there: the process that calls as "
              + name
              + " from "
              + host
              + " is another one, and is to stop or to have an id of its own");
    }
    if (!formerRuns.contains(caller.run())) {
      return Optional.empty();
    }
    return Optional.of(
        "a later process calls as "
            + name
            + " from "
            + inbound.values().iterator().next().host()
            + " than the one that calls from "
            + host
            + ": two processes run under one id, or this one is to stop");
  }

  /** The peer opened a stream; what it opened before on this lane, or in an earlier run, ends. */
  void onInbound(InboundStream stream) {
    UUID now = stream.greeting().run();
    if (!now.equals(run)) {
      boolean isBack = formerRuns.remove(now);
      if (run != null) {
        LOG.info(
            isBack
                ? "server {} at {} is heard again, and not the process that called after it"
                : "server {} at {} was started again",
            peer.number(),
            address);
        formerRuns.addLast(run);
        if (formerRuns.size() > REMEMBERED_RUNS) {
          formerRuns.removeFirst();
        }
      }
      if (local.cluster().isEmpty()
          && !stream.greeting().foundingList().equals(local.foundingList)) {
        LOG.warn(
            "server {} at {} has another founding list than this server", peer.number(), address);
      }
      run = now;
      List<InboundStream> earlier = new ArrayList<>(inbound.values());
      inbound.clear();
      earlier.forEach(old -> old.close("another process called as this server"));
      urgent.onRun(now);
      bulk.onRun(now);
    }
    InboundStream replaced = inbound.put(stream.greeting().lane(), stream);
    if (replaced != null) {
      replaced.close("replaced by a later stream");
    }
    alive = true;
    broken = false;
    // It is there: no need to wait for the next attempt.
    if (!urgent.isOpen()) {
      urgent.dialNow();
    } else if (!bulk.isOpen()) {
      bulk.dialNow();
    }
  }

  /** A stream from the peer broke. */
  void onInboundBroken(InboundStream stream) {
    if (!stopped && inbound.remove(stream.greeting().lane(), stream)) {
      onBroken("the stream from it ended");
      if (!urgent.isOpen()) {
        urgent.dialNow();
      }
      if (inbound.isEmpty()) {
        onGone.accept(this);
      }
    }
  }

  /** The cluster of this server is known now: streams of another one end. */
  void onCluster() {
    urgent.onCluster();
    bulk.onCluster();
    for (InboundStream stream : new ArrayList<>(inbound.values())) {
      stream
          .clusterMismatch()
          .ifPresent(
              why -> {
                inbound.remove(stream.greeting().lane(), stream);
                LOG.warn("closed the stream from server {}: {}", peer.number(), why);
                stream.close(why);
              });
    }
  }

  /** Counts what made no sense, at this peer and in all. */
  void countRejected() {
    counters.rejected.increment();
    local.rejectedMessages.increment();
  }

  /** The peer sent what is not a message. */
  void onRejected(String why) {
    countRejected();
    if (rejections.isDue()) {
      LOG.warn(
          "rejected a message from server {} at {} ({} so far): {}",
          peer.number(),
          address,
          counters.rejected.sum(),
          why);
    }
  }
}
