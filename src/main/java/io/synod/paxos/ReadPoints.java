package io.synod.paxos;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/**
 * Answers the requests for a read point at one ballot: after a round of pings that a quorum
 * confirms (protocol-rules.md, 5), or at once under the lease. Memory of the coordinator.
 */
final class ReadPoints {
  private final PaxosSettings settings;
  private final Effects effects;
  private final Acceptor acceptor;
  private final Learner learner;
  private final VoteMemory memory;
  private final Peers peers;
  private final Pings pings;
  private final Pipeline pipeline;
  private final Ballot ballot;
  private final BooleanSupplier wantsLease;

  private final Reads reads = new Reads();
  private final LeaseHeld lease;

  /** The last reading of the clock that is known: it showed that some time before now. */
  private long clockNanos;

  private long leaseReads;

  /**
   * @param wantsLease whether pings may ask for a lease now
   */
  ReadPoints(
      Roles roles, Pings pings, Pipeline pipeline, Ballot ballot, BooleanSupplier wantsLease) {
    this.settings = roles.settings();
    this.effects = roles.effects();
    this.acceptor = roles.acceptor();
    this.learner = roles.learner();
    this.memory = roles.memory();
    this.peers = roles.peers();
    this.pings = pings;
    this.pipeline = pipeline;
    this.ballot = ballot;
    this.wantsLease = wantsLease;
    this.lease = new LeaseHeld(settings);
  }

  /** How many requests were answered under the lease. */
  long leaseReads() {
    return leaseReads;
  }

  /**
   * A read waits for a point; the answer comes when a round of pings that begins now or later is
   * confirmed.
   */
  void onRead(long nowNanos, Reads.Waiting read) {
    if (read.underLease()) {
      lease.add(read, learner.chosen(), nowNanos);
      return;
    }
    reads.add(read);
    confirm(nowNanos);
  }

  // ---- confirmed by a round of pings
  // ------------------------------------------------------------------------------------------------------------------

  /** Begins a round if one is wanted, and answers those that a quorum has confirmed. */
  void confirm(long nowNanos) {
    while (true) {
      if (reads.wantsRound()) {
        pings.send(
            nowNanos,
            Optional.of(ballot),
            Optional.of(pipeline.chosenPrefix()),
            leaseToAsk(nowNanos),
            Optional.empty());
        reads.begin(pings.number(), learner.chosen());
      }
      if (!reads.isRunning() || !isConfirmed(reads.round())) {
        return;
      }
      for (Reads.Waiting read : reads.confirm()) {
        answer(read, reads.point());
      }
    }
  }

  /**
   * Whether a quorum answered this ping or a later one and had promised nothing above this ballot
   * (protocol-rules.md, 5).
   */
  private boolean isConfirmed(long pingNumber) {
    return learner
        .inForce()
        .isQuorum(
            member -> {
              if (member.server().equals(settings.server())) {
                return hasPromisedNothingAbove();
              }
              return peers
                  .peer(member.server())
                  .map(
                      peer ->
                          peer.incarnation().equals(Optional.of(member.incarnation()))
                              && !memory.isForgetful(Life.of(member))
                              && peer.answered() >= pingNumber
                              && !peer.promised().isAbove(ballot))
                  .orElse(false);
            });
  }

  /** This server's own word. */
  private boolean hasPromisedNothingAbove() {
    return !acceptor.promised().isAbove(ballot);
  }

  // ---- under the lease
  // ------------------------------------------------------------------------------------------------------------------

  /** So much the clock showed at some time before now. */
  void noteClock(long nanos) {
    clockNanos = nanos;
  }

  /** Whether reads wait for the clock to be read. */
  boolean wantsClock() {
    return lease.wantsClock();
  }

  /**
   * The clock was read after all that has come: if the lease holds now, it held when the chosen
   * prefix was looked at, which was after the reads came. Else they are confirmed by a round of
   * pings, which asks for a lease.
   */
  void onClock(long clockNanos, long nowNanos) {
    this.clockNanos = clockNanos;
    if (!lease.wantsClock()) {
      return;
    }
    boolean holds =
        !pipeline.isDeposed() && lease.holds(clockNanos, learner.inForce(), this::isWordGood);
    List<Reads.Waiting> waiting = lease.take();
    if (holds) {
      leaseReads += waiting.size();
      waiting.forEach(read -> answer(read, lease.point()));
    } else {
      waiting.forEach(reads::add);
      confirm(nowNanos);
    }
  }

  /** Whether what this member says counts: it forgot no vote, or it is this server's own word. */
  private boolean isWordGood(Member member) {
    return member.server().equals(settings.server())
        ? hasPromisedNothingAbove()
        : !memory.isForgetful(Life.of(member));
  }

  /** With the Ping that leaves next: for how long a lease is asked for, if it is. */
  OptionalLong leaseToAsk(long nowNanos) {
    return wantsLease.getAsBoolean()
        ? lease.ask(pings.number() + 1, clockNanos, nowNanos)
        : OptionalLong.empty();
  }

  /** A member gave the lease at this ballot; returns whether that says anything new. */
  boolean onLeaseGiven(Life from, Message.LeaseGiven given) {
    return lease.onGiven(from, given.number());
  }

  /** Lets the acceptors vote for another at once. */
  void returnLease() {
    lease
        .giveBack()
        .ifPresent(
            number -> {
              for (Member member : learner.inForce().members()) {
                if (!member.server().equals(settings.server())) {
                  effects.send(member.server(), new Message.LeaseReturned(ballot, number));
                }
              }
            });
  }

  // ---- answers
  // ------------------------------------------------------------------------------------------------------------------

  private void answer(Reads.Waiting read, Slot point) {
    if (read.from().equals(settings.server())) {
      effects.readPoint(new Output.ReadAnswer.Ready(read.id(), point));
    } else {
      effects.send(read.from(), new Message.ReadPoint(read.id(), point));
    }
  }

  /** This server cannot say: whoever asked asks again, or another. */
  void refuse(List<Reads.Waiting> refused) {
    for (Reads.Waiting read : refused) {
      if (read.from().equals(settings.server())) {
        effects.readPoint(new Output.ReadAnswer.Refused(read.id()));
      } else {
        effects.send(read.from(), new Message.ReadPointRefused(read.id()));
      }
    }
  }

  /** The ballot is lost: reads that wait are refused, and the lease goes back. */
  void close() {
    refuse(reads.giveUp());
    refuse(lease.take());
    returnLease();
  }
}
