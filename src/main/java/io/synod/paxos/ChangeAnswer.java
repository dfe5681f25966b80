package io.synod.paxos;

/** What became of {@link Input.ChangeRequested} or {@link Input.HandOverRequested}. */
public sealed interface ChangeAnswer {
  /** Of the request. */
  long id();

  /** Why a change is refused. */
  enum Reason {
    /** This server does not coordinate: ask the one that does. */
    NOT_COORDINATOR,
    /** The coordinator hands over first, because the change takes its vote: ask the next one. */
    HANDS_OVER,
    /** Another change is on its way through the log. */
    UNDER_WAY,
    /** Too few voters would be live afterwards, or none could be spared any more. */
    WOULD_LOSE_QUORUM,
    /** The server is not heard. */
    UNREACHABLE,
    /** The server lacks too much of the log, or its disk does not sync. */
    NOT_CAUGHT_UP,
    /** The id or the address belongs to a member already. */
    ALREADY_MEMBER,
    /** No member has this id. */
    NOT_A_MEMBER,
    /** The program of the server that is to join cannot behave by the version in force. */
    OTHER_VERSION,
    /** It is so already. */
    NOTHING_TO_DO
  }

  /** Nothing was proposed; {@code why} is for a person to read. */
  record Refused(long id, Reason reason, String why) implements ChangeAnswer {}

  /** What would be proposed: the answer to a dry run. */
  record Planned(long id, Membership before, Membership after, Outlook outlook)
      implements ChangeAnswer {}

  /** In force, and a quorum of its voters knows: a server that it dropped may be stopped now. */
  record Done(long id, MembershipInForce inForce, Outlook outlook) implements ChangeAnswer {}

  /** The coordinator is another one now. */
  record HandedOver(long id, ServerId coordinator) implements ChangeAnswer {}

  /** Proposed, and this server lost its ballot: it may still come into force. */
  record Unknown(long id) implements ChangeAnswer {}
}
