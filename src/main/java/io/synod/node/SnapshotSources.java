package io.synod.node;

import io.synod.paxos.Paxos;
import io.synod.paxos.PeerView;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Whom to ask for a snapshot: who has come far enough and does not coordinate, one after the other;
 * then the coordinator, which has enough to do; and last whoever failed to send one lately. Driver
 * thread.
 */
final class SnapshotSources {
  /** Who failed is asked last for so long. */
  private static final long FAILED_NANOS = 60_000_000_000L;

  /** Who was asked to write a snapshot is given so long. */
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  private final Paxos paxos;
  private final ServerId self;
  private final Map<ServerId, Long> failedNanos = new TreeMap<>();

  /** Since when each that was asked did not have a snapshot that is of use, and may write one. */
  private final Map<ServerId, Long> awaitedSinceNanos = new TreeMap<>();

  /**
   * @param self which server this is: others begin with another one
   */
  SnapshotSources(Paxos paxos, ServerId self) {
    this.paxos = paxos;
    this.self = self;
  }

  /**
   * All that may be asked, the first one first.
   *
   * @param named certainly one of them, whatever is known of it
   * @param least who has not applied as much is of no use
   */
  List<ServerId> inOrder(Optional<ServerId> named, Slot least, long nowNanos) {
    failedNanos.values().removeIf(failed -> nowNanos - failed > FAILED_NANOS);
    awaitedSinceNanos.values().removeIf(since -> nowNanos - since > 2 * PATIENCE_NANOS);
    List<ServerId> all = new ArrayList<>();
    for (PeerView peer : paxos.peers()) {
      boolean isFar = peer.standing().filter(it -> !it.applied().isBefore(least)).isPresent();
      boolean mayHave = peer.live() && peer.hasStore() && isFar;
      if (named.equals(Optional.of(peer.server())) || mayHave) {
        all.add(peer.server());
      }
    }
    named.filter(it -> !all.contains(it)).ifPresent(all::add);
    Optional<ServerId> coordinator = paxos.coordinatorHeard();
    all.sort(
        Comparator.comparingLong((ServerId each) -> failedNanos.getOrDefault(each, Long.MIN_VALUE))
            .thenComparing(each -> coordinator.equals(Optional.of(each)))
            .thenComparing(each -> !named.equals(Optional.of(each)))
            .thenComparing(each -> each.compareTo(self) < 0)
            .thenComparing(Comparator.naturalOrder()));
    return all;
  }

  /** Whether it is heard at this moment. */
  boolean isLive(ServerId server) {
    return paxos.peers().stream().anyMatch(peer -> peer.live() && peer.server().equals(server));
  }

  /** It fell silent, or what it sent was damaged. */
  void onFailed(ServerId server, long nowNanos) {
    awaitedSinceNanos.remove(server);
    failedNanos.put(server, nowNanos);
  }

  /**
   * It has no snapshot that is of use yet, and was told to write one; returns whether that is news.
   */
  boolean onAwaited(ServerId server, long nowNanos) {
    Long since = awaitedSinceNanos.putIfAbsent(server, nowNanos);
    if (since != null && nowNanos - since > PATIENCE_NANOS) {
      onFailed(server, nowNanos);
    }
    return since == null;
  }

  /** It sends one. */
  void onSends(ServerId server) {
    awaitedSinceNanos.remove(server);
  }
}
