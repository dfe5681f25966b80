package io.synod.paxos;

import java.util.Optional;

/**
 * What a server does that is a witness (protocol-rules.md, 13): it promises and accepts like any
 * other and keeps what it accepted, and has no store. So two servers with a store and a small one
 * survive the loss of any one.
 *
 * <p>It and one voter that was away may be a quorum, which can then go on from no other state than
 * that voter's and by no other values than these. So it cuts its log only as far as its coordinator
 * tells it that all voters have everything durably ({@link WitnessCare} is the coordinator's part).
 * If that leaves more than it may keep it says so, and the coordinator has whoever it is kept for
 * lose its vote through the log: then that one does not count any more. Of its own accord it never
 * drops anything.
 *
 * <p>One that lacks what nobody has in a log any more begins anew behind the others' cut: it needs
 * no state, only the membership in force there.
 *
 * <p>Memory only, but for the log itself. On any other server it does nothing.
 */
final class Witness {
  /** A log that is smaller than this part of what it may be is not worth a cut. */
  private static final long WORTH_A_CUT = 16;

  /**
   * It takes no value any more when it keeps so many times what it may. A coordinator that cares
   * proposes none as soon as it hears that this log is full.
   */
  private static final long MOST_TIMES = 4;

  private final PaxosSettings settings;
  private final Acceptor acceptor;
  private final Learner learner;

  /** All voters have everything durably up to this slot, as was told last. */
  private Slot held = Slot.ZERO;

  /**
   * The voters of the membership of this slot, and no others: one that gets its vote back later may
   * lack some of it, if this server was no member meanwhile.
   */
  private Slot heldAt = Slot.ZERO;

  /** Since when what comes next is not in the log of whoever is asked. */
  private Optional<Long> outrunSinceNanos = Optional.empty();

  Witness(PaxosSettings settings, Acceptor acceptor, Learner learner) {
    this.settings = settings;
    this.acceptor = acceptor;
    this.learner = learner;
  }

  /** What it tells of its log, if it is a witness. */
  Optional<WitnessLog> log() {
    return settings.isWitness()
        ? Optional.of(new WitnessLog(acceptor.log().cut(), isOver(1)))
        : Optional.empty();
  }

  private boolean isOver(long times) {
    return acceptor.log().sizeBytes() > times * settings.witnessLogBytes().orElseThrow();
  }

  /** Whether it may fetch what it lacks. */
  boolean hasRoom() {
    return !settings.isWitness() || !isOver(MOST_TIMES);
  }

  /** Whether it may accept this, if nothing else speaks against it. */
  boolean hasRoomFor(Message.Propose propose) {
    return hasRoom()
        || !propose.first().plus(propose.values().size() - 1L).isAfter(acceptor.log().last());
  }

  /** The coordinator says what may be cut: not one whose time is over, or that is behind. */
  void onPing(ServerId from, Message.Ping ping) {
    Standing standing = ping.standing();
    if (settings.isWitness()
        && ping.held().isPresent()
        && standing.acting().isPresent()
        && standing.acting().get().server().equals(from)
        && !standing.acting().get().isBelow(acceptor.promised())
        && !standing.membershipAt().isBefore(learner.membership().decidedAt())) {
      boolean same = standing.membershipAt().equals(heldAt);
      held = same ? Slot.max(held, ping.held().get()) : ping.held().get();
      heldAt = standing.membershipAt();
    }
  }

  /** Cuts what may be cut, if it is worth it. */
  void cut() {
    if (!settings.isWitness()) {
      return;
    }
    if (!learner.heardChosen().isAfter(learner.chosen())) {
      outrunSinceNanos = Optional.empty();
    }
    if (!heldAt.equals(learner.membership().decidedAt())) {
      return;
    }
    Slot slot = Slot.min(held, learner.chosen());
    boolean worth =
        acceptor.log().sizeBytes() * WORTH_A_CUT > settings.witnessLogBytes().orElseThrow();
    if (slot.isAfter(acceptor.log().cut()) && worth) {
      learner.onSnapshotTaken(slot);
    }
  }

  /**
   * Whether to begin anew behind the sender's cut, which is beyond what this witness has. That
   * drops what it has: all voters should hold it. But not for ever: one that is away would keep it,
   * and so a quorum, from going on.
   */
  boolean beginsBehindTheCutOf(Message.Fetched fetched, long nowNanos) {
    if (!settings.isWitness()) {
      return false;
    }
    outrunSinceNanos = outrunSinceNanos.or(() -> Optional.of(nowNanos));
    boolean late = nowNanos - outrunSinceNanos.get() >= settings.electionTimeoutNanos();
    return fetched.atCut().isPresent() && (late || !held.isBefore(fetched.cut()));
  }
}
