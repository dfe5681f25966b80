package io.synod.node;

import io.synod.node.ClientRequest.Operation;
import io.synod.paxos.Input;
import io.synod.paxos.ServerId;
import io.synod.transport.PeerMessage;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which writes of this server's clients are proposed: what there is no room for is refused before
 * that, so that it certainly has no effect. What is in the log is applied whatever this says, so
 * that servers cannot differ. What frees room is taken as long as there is a last reserve. Driver
 * thread only.
 */
final class Admission {
  private final Quota quota;
  private final PeerQuotas peers;
  private final DiskWatch disks;
  private final Runnable makeRoom;

  /**
   * @param makeRoom called when this server's disk became short of room
   */
  Admission(Quota quota, PeerQuotas peers, DiskWatch disks, Runnable makeRoom) {
    this.quota = quota;
    this.peers = peers;
    this.disks = disks;
    this.makeRoom = makeRoom;
  }

  /** For a node of these parts. */
  static Admission of(
      NodeSettings settings,
      ServerId self,
      Node.Parts parts,
      SnapshotDuties snapshots,
      BiConsumer<ServerId, PeerMessage> send) {
    Consumer<String> warn = parts.surroundings()::warn;
    OwnDisk disk =
        new OwnDisk(settings.disk(), self, parts.log()::freeBytes, snapshots.needs(), warn);
    return new Admission(
        new Quota(settings.quotaBytes(), parts.store(), warn),
        new PeerQuotas(parts.paxos(), send),
        new DiskWatch(parts.paxos(), self, disk, send),
        () -> {
          if (!parts.store().keepsFiles()) {
            // The log in front of it can be let go of.
            snapshots.want();
          }
        });
  }

  /** What is done now and then; {@code step} hands an input to the protocol. */
  void turn(long nowNanos, Consumer<Input> step) {
    quota.check();
    peers.turn(nowNanos, quota.reached());
    if (disks.look(nowNanos)) {
      makeRoom.run();
    }
    disks.handOver(nowNanos, step);
  }

  void onPeer(ServerId from, PeerMessage.DiskRoom room, long nowNanos) {
    disks.onPeer(from, room, nowNanos);
  }

  void onPeer(ServerId from, PeerMessage.QuotaReached reached, long nowNanos) {
    peers.onPeer(from, reached, nowNanos);
  }

  /** What a write is answered that is not taken. */
  Optional<Answer> refusal(Operation write) {
    Optional<String> why = disks.whyNoWrites();
    if (why.isEmpty() && disks.isFull()) {
      // It would not learn what became of it.
      return disks
          .warning()
          .map(words -> new Answer.Unavailable(false, words + "; ask another server"));
    }
    long growthBytes = write.growthBytes();
    if (why.isEmpty() && growthBytes > 0) {
      why = disks.whyNoPuts();
      if (why.isEmpty()) {
        why = quota.refusal(growthBytes).or(peers::whyNoPuts);
      }
    }
    return why.map(Answer.Exhausted::new);
  }

  /** Whether nothing of clients may be written here, whoever passes it on. */
  boolean takesNothing() {
    return disks.isFull();
  }

  long quotaBytes() {
    return quota.limitBytes();
  }

  /** What a person should know, if anything. */
  Optional<String> warning() {
    String all =
        Stream.of(disks.whyNoPuts().or(disks::warning), quota.warning().or(peers::whyNoPuts))
            .flatMap(Optional::stream)
            .collect(Collectors.joining(". Besides, "));
    return all.isEmpty() ? Optional.empty() : Optional.of(all);
  }
}
