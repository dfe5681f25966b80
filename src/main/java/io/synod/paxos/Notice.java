package io.synod.paxos;

import java.util.List;

/** Something that happened in the protocol: one log line and one counter each. */
public sealed interface Notice {

  /**
   * An input was ignored. {@code why} is one of a small fixed set of texts, so that it can be
   * counted by it.
   */
  record Ignored(String handler, String why) implements Notice {}

  /** This server campaigns. */
  record Campaigning(Ballot ballot, String why) implements Notice {}

  /** A coordinator was chosen, through the log. */
  record CoordinatorChosen(Ballot ballot, Slot slot) implements Notice {}

  /** This server stopped preparing or coordinating. */
  record SteppedDown(Ballot ballot, String why) implements Notice {}

  /** A member was not heard for the election timeout, or its stream broke and was refused. */
  record MemberSilent(ServerId server, String why) implements Notice {}

  /** A member is heard again. */
  record MemberHeard(ServerId server) implements Notice {}

  /** The founding waits for these servers. */
  record WaitingForServers(List<ServerId> servers) implements Notice {}

  /** The cluster is founded and the store opens. */
  record ClusterOpened(Founding founding) implements Notice {}

  /**
   * The founding cannot go on until an operator mends it: the text says what differs and what would
   * be right.
   */
  record FoundingRefused(ServerId server, String why) implements Notice {}

  /** A membership came into force. */
  record MembershipChosen(Slot slot, Membership membership) implements Notice {}

  /** The cluster behaves by another version from the next slot on. */
  record VersionChosen(VersionInForce version) implements Notice {}

  /** This coordinator proposes to take these members' votes for now, and to give those back. */
  record VotesMoved(List<ServerId> taken, List<ServerId> given) implements Notice {}

  /**
   * While this coordinator votes alone: this standby holds all that is acknowledged from now on, or
   * does not any more.
   */
  record InSyncChanged(ServerId standby, boolean now) implements Notice {}

  /** This server hands the coordination over. */
  record HandingOver(Ballot ballot, ServerId to, String why) implements Notice {}

  /** The membership in force since this slot does not name this server any more. */
  record Removed(Slot slot) implements Notice {}

  /**
   * The log cannot be caught up from {@code from} by slots: a snapshot is needed that reaches at
   * least to {@code cut}.
   */
  record SnapshotNeeded(ServerId from, Slot cut) implements Notice {}

  /**
   * {@code server} saw this server cast votes that its directory does not hold: it was rolled back
   * to an earlier state, or the disk lost writes that it had reported as done. This server votes no
   * more until it joins again as a new incarnation (protocol-rules.md, 12).
   */
  record VotesForgotten(ServerId server, Votes seen, Votes held) implements Notice {}

  /** A member holds less than it was seen to have voted: its promise is not counted. */
  record PeerForgot(ServerId server, Votes seen, Votes held) implements Notice {}

  /**
   * A quorum's state after this slot is another than this server's: that one diverged
   * (protocol-rules.md, 14). If it is this server, it no longer coordinates, and the state in
   * memory and all snapshots of it are of no use.
   */
  record StateDiverged(ServerId server, Slot slot, long hash, long right) implements Notice {}

  /** No state after this slot has a quorum: nobody knows which is right. */
  record StateDisputed(Slot slot) implements Notice {}

  /** A peer said what no correct server says; it was ignored. */
  record PeerMisbehaved(ServerId server, String what) implements Notice {}
}
