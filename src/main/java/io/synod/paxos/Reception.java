package io.synod.paxos;

import java.util.List;

/**
 * What becomes of a message: reasons to ignore it that concern every role alike, then the role that
 * it is for. It keeps nothing itself.
 */
final class Reception {
  /** A peer that names a ballot so far above all known ones is not a correct server. */
  private static final long MOST_ROUNDS_AHEAD = 1L << 32;

  private final Roles roles;
  private final PaxosSettings settings;
  private final Effects effects;
  private final Acceptor acceptor;
  private final Learner learner;
  private final VoteMemory memory;
  private final LeasesGiven leases;
  private final Peers peers;
  private final Election election;
  private final Pings pings;
  private final FoundingRound founding;
  private final OwnBallot own;
  private final Witness witness;

  Reception(Roles roles, Election election, Pings pings, FoundingRound founding, OwnBallot own) {
    this.roles = roles;
    this.settings = roles.settings();
    this.effects = roles.effects();
    this.acceptor = roles.acceptor();
    this.learner = roles.learner();
    this.memory = roles.memory();
    this.leases = roles.leases();
    this.peers = roles.peers();
    this.election = election;
    this.pings = pings;
    this.founding = founding;
    this.own = own;
    this.witness = roles.witness();
  }

  void onReceived(long nowNanos, Input.Received received) {
    Life from = new Life(received.from(), received.incarnation());
    Message message = received.message();
    long rounds = highestIn(message).round() - election.followed().round();
    if (rounds > MOST_ROUNDS_AHEAD) {
      misbehaved(from, "a ballot far above all others");
      return;
    }
    if (onFounding(nowNanos, from, message)) {
      return;
    }
    if (!learner.isOpen()) {
      effects.ignored("onReceived", "not open yet");
      if (message instanceof Message.Ping) {
        founding.introduce(from.server());
      }
      return;
    }
    boolean asksForVote = message instanceof Message.Prepare || message instanceof Message.Propose;
    if (asksForVote && !roles.mayVote()) {
      effects.ignored("onReceived", whyNoVote());
      return;
    }
    onMemberMessage(nowNanos, from, message);
  }

  /** Of the ballots that this server would promise, follow, keep or believe because of it. */
  private static Ballot highestIn(Message message) {
    if (message instanceof Message.Ping ping) {
      return ping.standing().followed();
    } else if (message instanceof Message.Pong pong) {
      return Ballot.max(pong.standing().followed(), pong.promised());
    } else if (message instanceof Message.Prepare prepare) {
      return prepare.ballot();
    } else if (message instanceof Message.Propose propose) {
      return propose.ballot();
    } else if (message instanceof Message.Refused refused) {
      return refused.promised();
    } else if (message instanceof Message.Promise promise) {
      return highestOf(promise.accepted());
    } else if (message instanceof Message.Fetched fetched) {
      return highestOf(fetched.values());
    } else if (message instanceof Message.VotesCast cast) {
      return cast.votes().promised();
    } else if (message instanceof Message.VotesSeen seen) {
      return seen.votes().promised();
    }
    return Ballot.LOWEST;
  }

  private static Ballot highestOf(List<AcceptedValue> values) {
    Ballot highest = Ballot.LOWEST;
    for (AcceptedValue value : values) {
      highest = Ballot.max(highest, value.ballot());
    }
    return highest;
  }

  private String whyNoVote() {
    return memory.isVoteless()
        ? "no vote: some are forgotten"
        : leases.isWaiting()
            ? "no vote: a lease given before the start may be in force"
            : "no vote: others are asked for more";
  }

  private void misbehaved(Life from, String what) {
    effects.notice(new Notice.PeerMisbehaved(from.server(), what));
  }

  private boolean onFounding(long nowNanos, Life from, Message message) {
    if (message instanceof Message.Meet meet) {
      founding.onMeet(nowNanos, from.server(), from.incarnation(), meet);
      if (learner.isOpen()) {
        peers.onMeet(from.server(), meet.clientAddress());
      }
    } else if (message instanceof Message.Found found) {
      founding.onFound(from.server(), found);
    } else if (message instanceof Message.FoundingSynced synced) {
      founding.onSynced(nowNanos, from.server(), synced);
    } else if (message instanceof Message.FoundingOpened opened) {
      founding.onOpened(from.server(), from.incarnation(), opened);
    } else {
      return false;
    }
    return true;
  }

  /** In a cluster that is open. */
  private void onMemberMessage(long nowNanos, Life from, Message message) {
    if (message instanceof Message.Ping ping) {
      onPing(nowNanos, from, ping);
    } else if (message instanceof Message.Pong pong) {
      onPong(nowNanos, from, pong);
    } else if (message instanceof Message.Prepare prepare) {
      onPrepare(nowNanos, from, prepare);
    } else if (message instanceof Message.Propose propose) {
      onPropose(nowNanos, from, propose);
    } else if (message instanceof Message.Inform inform) {
      onChosenPrefix(from, inform.chosen());
    } else if (message instanceof Message.TakeOver takeOver) {
      own.onTakeOver(nowNanos, from.server(), takeOver);
    } else if (message instanceof Message.LeaseReturned returned) {
      onLeaseReturned(from, returned);
    } else if (message instanceof Message.Fetch fetch) {
      learner.onFetch(from.server(), fetch);
    } else if (message instanceof Message.Fetched fetched) {
      onFetched(nowNanos, from, fetched);
      own.coordinator().ifPresent(acting -> acting.advance(nowNanos));
      own.settle(nowNanos);
    } else if (message instanceof Message.VotesCast cast) {
      onVotes(from, cast.votes());
      peers.onHeld(from, cast.chosen());
    } else if (message instanceof Message.VotesSeenRequest) {
      memory.onRequest(from.server(), from.incarnation());
    } else if (message instanceof Message.VotesSeen seen) {
      onVotesSeen(nowNanos, from, seen);
    } else if (message instanceof Message.ReadPoint point) {
      effects.readPoint(new Output.ReadAnswer.Ready(point.id(), point.point()));
    } else if (message instanceof Message.ReadPointRefused refused) {
      effects.readPoint(new Output.ReadAnswer.Refused(refused.id()));
    } else {
      onForCoordinator(nowNanos, from, message);
    }
  }

  // ---- how others are
  // ------------------------------------------------------------------------------------------------------------------

  private void onPing(long nowNanos, Life from, Message.Ping ping) {
    if (founding.inForce().isEmpty()) {
      founding.introduce(from.server());
    }
    boolean changed = pings.onPing(nowNanos, from, ping, own.ballot(), roles.mayVote());
    if (ping.leaseNanos().isPresent()
        && roles.mayVote()
        && roles.membership().isVoter(from.server(), from.incarnation())) {
      leases.onPing(from.server(), ping, acceptor.promised(), election.followed());
    }
    if (ping.chosen().isPresent()) {
      onChosenPrefix(from, ping.chosen().get());
    }
    witness.onPing(from.server(), ping);
    onStateOf(nowNanos, from, ping.standing());
    if (changed) {
      own.settle(nowNanos);
    }
  }

  private void onPong(long nowNanos, Life from, Message.Pong pong) {
    boolean changed = pings.onPong(nowNanos, from, pong);
    own.coordinator().ifPresent(acting -> acting.confirmReads(nowNanos));
    onStateOf(nowNanos, from, pong.standing());
    if (changed) {
      own.settle(nowNanos);
    }
  }

  private void onStateOf(long nowNanos, Life from, Standing standing) {
    roles.states().onPeer(from, standing.state(), roles.membership());
    own.onStatesCompared(nowNanos);
  }

  // ---- for the acceptor and the learner
  // ------------------------------------------------------------------------------------------------------------------

  private void onPrepare(long nowNanos, Life from, Message.Prepare prepare) {
    if (!prepare.ballot().server().equals(from.server())) {
      misbehaved(from, "a Prepare at another server's ballot");
      return;
    }
    if (!mayCoordinate(from)) {
      effects.ignored("onPrepare", "not from a voter");
      return;
    }
    if (leases.forbids(prepare.ballot())) {
      effects.ignored("onPrepare", "a lease is given to another");
      return;
    }
    acceptor.onPrepare(from.server(), prepare);
    onPromised(nowNanos);
  }

  /**
   * Whether the sender may be a coordinator as far as this server can know: it votes in the newest
   * chosen membership, or there may be a newer one (protocol-rules.md, 18).
   */
  private boolean mayCoordinate(Life from) {
    if (roles.membership().isVoter(from.server(), from.incarnation())
        || peers.speaksOfNewerMembership(from.server())) {
      return true;
    }
    Log log = acceptor.log();
    for (Slot slot = acceptor.chosen().next(); !slot.isAfter(log.last()); slot = slot.next()) {
      if (log.get(slot).value() instanceof Membership accepted
          && accepted.isVoter(from.server(), from.incarnation())) {
        return true;
      }
    }
    return false;
  }

  private void onPropose(long nowNanos, Life from, Message.Propose propose) {
    if (!propose.ballot().server().equals(from.server())) {
      misbehaved(from, "a Propose at another server's ballot");
      return;
    }
    if (propose.values().isEmpty()) {
      misbehaved(from, "a Propose without a value");
      return;
    }
    if (leases.forbids(propose.ballot())) {
      effects.ignored("onPropose", "a lease is given to another");
      return;
    }
    if (!witness.hasRoomFor(propose)) {
      effects.ignored("onPropose", "a witness's log is many times as large as it may be");
      return;
    }
    acceptor.onPropose(from.server(), propose);
    learner.onChosenPrefix(new ChosenPrefix(propose.ballot(), propose.chosen()));
    onPromised(nowNanos);
  }

  /** The promise may have risen: whoever acts below it is not followed any more. */
  private void onPromised(long nowNanos) {
    if (acceptor.promised().isAbove(election.followed())) {
      election.onPromised(acceptor.promised(), nowNanos);
      own.settle(nowNanos);
    }
  }

  private void onChosenPrefix(Life from, ChosenPrefix prefix) {
    if (!prefix.ballot().server().equals(from.server())) {
      misbehaved(from, "a chosen prefix at another server's ballot");
      return;
    }
    learner.onChosenPrefix(prefix);
  }

  private void onFetched(long nowNanos, Life from, Message.Fetched fetched) {
    if (!learner.isOutrunBy(fetched)) {
      learner.onFetched(nowNanos, from.server(), fetched);
    } else if (witness.beginsBehindTheCutOf(fetched, nowNanos)) {
      learner.onSnapshotInstalled(fetched.cut(), fetched.atCut().orElseThrow(), learner.version());
    } else if (!settings.isWitness()) {
      peers
          .withState(from.server(), fetched.cut())
          .ifPresent(source -> learner.onFetched(nowNanos, source, fetched));
    }
  }

  private void onLeaseReturned(Life from, Message.LeaseReturned returned) {
    if (!returned.ballot().server().equals(from.server())) {
      misbehaved(from, "returned another server's lease");
      return;
    }
    leases.onReturned(returned);
  }

  // ---- what was voted
  // ------------------------------------------------------------------------------------------------------------------

  private void onVotes(Life from, Votes votes) {
    if (!from.server().equals(settings.server())) {
      memory.onSeen(from, votes, roles.membership());
    }
  }

  private void onVotesSeen(long nowNanos, Life from, Message.VotesSeen seen) {
    if (memory.onVotesSeen(from.server(), seen)) {
      own.stepDown(nowNanos, "it has forgotten votes");
      own.settle(nowNanos);
    }
  }

  // ---- for the coordinator
  // ------------------------------------------------------------------------------------------------------------------

  private void onForCoordinator(long nowNanos, Life from, Message message) {
    if (message instanceof Message.ReadPointRequest request && own.coordinating().isEmpty()) {
      effects.send(from.server(), new Message.ReadPointRefused(request.id()));
      return;
    }
    if (own.coordinator().isEmpty()) {
      effects.ignored("onReceived", "for a coordinator, which this server is not");
      return;
    }
    Coordinator acting = own.coordinator().get();
    if (message instanceof Message.Promise promise) {
      acting.onPromise(nowNanos, from, promise);
      onVotes(from, new Votes(promise.ballot(), promise.last()));
    } else if (message instanceof Message.Accepted accepted) {
      acting.onAccepted(nowNanos, from, accepted);
      onVotes(from, new Votes(accepted.ballot(), accepted.upTo()));
    } else if (message instanceof Message.Missing missing) {
      acting.onMissing(nowNanos, from, missing);
    } else if (message instanceof Message.Refused refused) {
      acting.onRefused(refused);
    } else if (message instanceof Message.ReadPointRequest request) {
      acting.onRead(nowNanos, new Reads.Waiting(from.server(), request.id(), request.underLease()));
    } else if (message instanceof Message.LeaseGiven given) {
      acting.onLeaseGiven(from, given);
    } else {
      throw new IllegalArgumentException("no handler for " + message);
    }
    if (acting.isDeposed()) {
      own.settle(nowNanos);
    }
  }
}
