package io.synod.node;

import io.synod.paxos.Paxos;
import io.synod.paxos.ServerId;
import io.synod.transport.PeerMessage;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * Whose store is full by its own quota. All hold the same, but one may have less memory for it than
 * the server that a client asks, and the log is applied whatever the quota: so each says when its
 * own is reached, and puts are refused wherever they are given. Driver thread only.
 */
final class PeerQuotas {
  private final Paxos paxos;
  private final BiConsumer<ServerId, PeerMessage> send;
  private final Map<ServerId, Said> said = new TreeMap<>();
  private long saidAtNanos = Long.MIN_VALUE / 2;
  private boolean saidSo;

  private record Said(String words, long atNanos) {}

  PeerQuotas(Paxos paxos, BiConsumer<ServerId, PeerMessage> send) {
    this.paxos = paxos;
    this.send = send;
  }

  void onPeer(ServerId from, PeerMessage.QuotaReached reached, long nowNanos) {
    if (reached.words().isEmpty()) {
      said.remove(from);
    } else {
      said.put(from, new Said(reached.words(), nowNanos));
    }
  }

  /**
   * Tells the others, and forgets what they said long ago; a few times a second.
   *
   * @param own the figures and what to do, as long as this server's quota is reached
   */
  void turn(long nowNanos, Optional<String> own) {
    said.values().removeIf(each -> nowNanos - each.atNanos() > DiskWatch.COUNTS_NANOS);
    boolean again = own.isPresent() && nowNanos - saidAtNanos >= DiskWatch.SAY_NANOS;
    if (again || own.isPresent() != saidSo) {
      saidAtNanos = nowNanos;
      saidSo = own.isPresent();
      PeerMessage reached = new PeerMessage.QuotaReached(own.orElse(""));
      paxos.peers().forEach(peer -> send.accept(peer.server(), reached));
    }
  }

  /** Why what makes the store hold more is refused, if it is. */
  Optional<String> whyNoPuts() {
    return said.entrySet().stream()
        .filter(each -> paxos.membership().membership().member(each.getKey()).isPresent())
        .findFirst()
        .map(
            each ->
                "the store of server "
                    + each.getKey().number()
                    + ", whose quota is smaller, is full: "
                    + each.getValue().words());
  }
}
