package io.synod.paxos;

/**
 * What every server is at all times, whether it coordinates or not: acceptor, learner, and what it
 * knows of itself and of the others. Made once, when it starts.
 *
 * @param memory of votes that others cast, and whether this server's are in order
 * @param leases that it has given
 * @param states what the replicas made of the log
 * @param condition how this server is
 * @param peers how the others are
 * @param presence for how long each member has been there
 * @param witness what it does if it is one
 */
record Roles(
    PaxosSettings settings,
    Effects effects,
    Acceptor acceptor,
    Learner learner,
    VoteMemory memory,
    LeasesGiven leases,
    StateComparison states,
    Condition condition,
    Peers peers,
    Presence presence,
    Witness witness) {

  /** As it finds itself when it starts. */
  static Roles of(PaxosSettings settings, Recovered recovered) {
    Effects effects = new Effects();
    Acceptor acceptor = new Acceptor(settings, effects, recovered);
    Learner learner = new Learner(settings, effects, acceptor);
    LeasesGiven leases = new LeasesGiven(settings, effects, recovered);
    StateComparison states = new StateComparison(settings, effects);
    VoteMemory memory = new VoteMemory(settings, effects, acceptor, recovered);
    Condition condition = new Condition(settings, acceptor, states);
    Peers peers = new Peers(settings, effects, learner, condition);
    Presence presence = new Presence(settings, peers);
    Witness witness = new Witness(settings, acceptor, learner);
    return new Roles(
        settings, effects, acceptor, learner, memory, leases, states, condition, peers, presence,
        witness);
  }

  /**
   * Whether this server's votes are in order (protocol-rules.md, 3 and 12), and no lease that it
   * gave before it started can be in force.
   */
  boolean mayVote() {
    return !memory.isVoteless() && !memory.isWithholding() && !leases.isWaiting();
  }

  /** The newest chosen membership. Only when open. */
  Membership membership() {
    return learner.inForce();
  }
}
