package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Works out what an operator's change makes of the membership in force, or why it must not be: a
 * function of what the coordinator sees now.
 */
final class ChangePlan {
  /** How the members are now. */
  interface View {
    /** Whether this life of this member is heard. */
    boolean isLive(Member member);

    /** Whether it holds nearly all that is chosen, and its disk syncs. */
    boolean isCaughtUp(Member member);

    /** Whether its server is a witness, whatever its role is by now. */
    boolean isWitness(Member member);
  }

  /** The membership to propose, or a refusal. */
  sealed interface Result {
    /** To be proposed. */
    record Proposal(Membership membership, Outlook outlook) implements Result {}

    /** Not to be proposed. */
    record Refusal(ChangeAnswer.Reason reason, String why) implements Result {}
  }

  private final MembershipInForce inForce;
  private final VersionInForce version;
  private final View view;

  /** Who comes with this change, and is no member yet. */
  private Optional<Member> newcomer = Optional.empty();

  ChangePlan(MembershipInForce inForce, VersionInForce version, View view) {
    this.inForce = inForce;
    this.version = version;
    this.view = view;
  }

  Result of(MembershipChange change) {
    if (change instanceof MembershipChange.Add add) {
      joins(add.member());
      return otherVersion(add.member(), add.supported()).orElseGet(() -> add(add.member()));
    } else if (change instanceof MembershipChange.Replace replace) {
      joins(replace.successor());
      return otherVersion(replace.successor(), replace.supported())
          .orElseGet(() -> replace(replace.server(), replace.successor()));
    } else if (change instanceof MembershipChange.Remove remove) {
      return present(remove.server()).isEmpty()
          ? noMember(remove.server())
          : check(without(remove.server()));
    } else if (change instanceof MembershipChange.Promote promote) {
      return promote(promote.server());
    }
    return demote(((MembershipChange.Demote) change).server());
  }

  private void joins(Member member) {
    newcomer = Optional.of(member).filter(each -> present(each.server()).isEmpty());
  }

  /** Nobody hears one that is no member yet, but it is there. */
  private boolean isLive(Member member) {
    return isJoining(member) || view.isLive(member);
  }

  private boolean isJoining(Member member) {
    return newcomer.filter(each -> each.server().equals(member.server())).isPresent();
  }

  private boolean isWitness(Member member) {
    return isJoining(member)
        ? newcomer.filter(each -> each.role() == Member.Role.WITNESS).isPresent()
        : view.isWitness(member);
  }

  /** How many more of the live voters may be lost; negative without a quorum. */
  private int spare(Membership membership) {
    int live = 0;
    int withStore = 0;
    for (Member member : membership.members()) {
      if (member.role().votes() && isLive(member)) {
        live++;
        withStore += member.role() == Member.Role.WITNESS ? 0 : 1;
      }
    }
    // A quorum of witnesses alone cannot go on.
    return Math.min(live - membership.quorum(), withStore - 1);
  }

  /** One that could not apply what it learns would be no help, and stop (protocol-rules.md, 15). */
  private Optional<Result> otherVersion(Member joining, VersionRange supported) {
    return supported.includes(version.number())
        ? Optional.empty()
        : Optional.of(
            refusal(
                ChangeAnswer.Reason.OTHER_VERSION,
                "this cluster behaves by "
                    + version
                    + ", and the program of "
                    + name(joining)
                    + " knows "
                    + supported
                    + ": start it with "
                    + (supported.newest() < version.number() ? "a newer" : "an older")
                    + " release"));
  }

  private Result add(Member joining) {
    Optional<Member> present = present(joining.server());
    if (present.isPresent() && present.get().incarnation().equals(joining.incarnation())) {
      Member moved = present.get().at(joining.consensusAddress(), joining.clientAddress());
      if (moved.equals(present.get())) {
        return refusal(
            ChangeAnswer.Reason.ALREADY_MEMBER,
            name(joining) + " is a member already, as " + words(present.get().role()));
      }
      return badPlace(moved).orElseGet(() -> check(with(moved)));
    }
    if (present.isPresent()) {
      return refusal(
          ChangeAnswer.Reason.ALREADY_MEMBER,
          "id "
              + joining.server().number()
              + " belongs to the server at "
              + present.get().consensusAddress()
              + " (life "
              + present.get().incarnation()
              + "), the one at "
              + joining.consensusAddress()
              + " is life "
              + joining.incarnation()
              + ": start that with an id of its own");
    }
    return badPlace(joining).orElseGet(() -> check(with(joining.withRole(Member.Role.LEARNER))));
  }

  /** Why nobody may be at the addresses of this member, with the others where they are. */
  private Optional<Result> badPlace(Member joining) {
    return addressTaken(joining).or(() -> notReached(joining));
  }

  /** On several machines a name that each has for itself would lead each to another place. */
  private Optional<Result> notReached(Member joining) {
    Address place = joining.consensusAddress();
    for (Member member : inForce.membership().members()) {
      Address other = member.consensusAddress();
      if (member.server().equals(joining.server())) {
        continue;
      }
      if (place.isThisMachine() && !other.isThisMachine()) {
        return Optional.of(
            refusal(
                ChangeAnswer.Reason.UNREACHABLE,
                place
                    + " is this machine on every machine, and "
                    + name(member)
                    + " at "
                    + other
                    + " is on another one: name the host by which the others reach "
                    + name(joining)));
      }
      // Members of one machine may get names that others know, one after another.
      if (other.isEvery() && !place.isThisMachine() && present(joining.server()).isEmpty()) {
        return Optional.of(
            refusal(
                ChangeAnswer.Reason.UNREACHABLE,
                name(member)
                    + " is a member at "
                    + other
                    + ", where nobody reaches it from another machine, as "
                    + name(joining)
                    + " at "
                    + place
                    + " would have to"));
      }
    }
    return Optional.empty();
  }

  private Optional<Result> addressTaken(Member joining) {
    for (Member member : inForce.membership().members()) {
      if (member.server().equals(joining.server())) {
        continue;
      }
      if (member.consensusAddress().isSamePlace(joining.consensusAddress())) {
        return Optional.of(taken("", member, member.consensusAddress(), joining));
      }
      if (isSameForClients(member, joining)
          && !joining.replaces().equals(Optional.of(member.server()))) {
        return Optional.of(taken("client ", member, member.clientAddress(), joining));
      }
    }
    return Optional.empty();
  }

  private static Result taken(String which, Member member, Address known, Member joining) {
    Address asked = which.isEmpty() ? joining.consensusAddress() : joining.clientAddress();
    return refusal(
        ChangeAnswer.Reason.ALREADY_MEMBER,
        asked
            + " is the "
            + which
            + "address of "
            + name(member)
            + " ("
            + known
            + ") already, not of "
            + name(joining));
  }

  /** Two machines may have the same name for themselves: each serves those on it only. */
  private static boolean isSameForClients(Member one, Member other) {
    Address clients = one.clientAddress();
    return clients.isSamePlace(other.clientAddress())
        && (!clients.isThisMachine()
            || one.consensusAddress().isSameHost(other.consensusAddress()));
  }

  private Result replace(ServerId server, Member successor) {
    Optional<Member> leaving = present(server);
    if (leaving.isEmpty()) {
      return noMember(server);
    }
    if (present(successor.server()).isPresent()) {
      return refusal(ChangeAnswer.Reason.ALREADY_MEMBER, name(successor) + " is a member already");
    }
    Member joining =
        new Member(
            successor.server(),
            successor.incarnation(),
            successor.consensusAddress(),
            successor.clientAddress(),
            Member.Role.LEARNER,
            Optional.of(server));
    Optional<Result> hindered = badPlace(joining).or(() -> beingReplaced(leaving.get(), successor));
    if (hindered.isPresent()) {
      return hindered.get();
    }
    boolean last =
        inForce.membership().members().stream()
            .filter(member -> member.role() == Member.Role.VOTER)
            .allMatch(leaving.get()::equals);
    if (last && successor.role() == Member.Role.WITNESS) {
      return refusal(
          ChangeAnswer.Reason.WOULD_LOSE_QUORUM,
          name(successor)
              + " is a witness, which has no store: it cannot take the place of the last voter that has"
              + " one");
    }
    return check(with(joining));
  }

  /** One place has one successor: a second would be a voter more, and nobody asked for that. */
  private Optional<Result> beingReplaced(Member leaving, Member successor) {
    Optional<ServerId> place = leaving.replaces();
    if (place.isPresent()) {
      return Optional.of(
          refusal(
              ChangeAnswer.Reason.ALREADY_MEMBER,
              "%s is itself to take the place of server %d: remove it, and replace that by %s"
                  .formatted(name(leaving), place.get().number(), name(successor))));
    }
    return inForce.membership().members().stream()
        .filter(member -> member.replaces().equals(Optional.of(leaving.server())))
        .findFirst()
        .map(
            member ->
                refusal(
                    ChangeAnswer.Reason.ALREADY_MEMBER,
                    "%s is to take the place of %s already: remove %1$s first"
                        .formatted(name(member), name(leaving))));
  }

  private Result promote(ServerId server) {
    Optional<Member> present = present(server);
    if (present.isEmpty()) {
      return noMember(server);
    }
    Member member = present.get();
    if (member.role().votes()) {
      return refusal(ChangeAnswer.Reason.NOTHING_TO_DO, name(member) + " has a vote already");
    }
    if (!view.isLive(member)) {
      return refusal(
          ChangeAnswer.Reason.UNREACHABLE,
          name(member) + " at " + member.consensusAddress() + " is not heard");
    }
    if (!view.isCaughtUp(member)) {
      return refusal(
          ChangeAnswer.Reason.NOT_CAUGHT_UP, name(member) + " has not caught up: wait, or add it");
    }
    return check(promoted(inForce, member, view.isWitness(member)));
  }

  private Result demote(ServerId server) {
    Optional<Member> present = present(server);
    if (present.isEmpty()) {
      return noMember(server);
    }
    if (present.get().role() == Member.Role.OBSERVER) {
      return refusal(
          ChangeAnswer.Reason.NOTHING_TO_DO, name(present.get()) + " has no vote already");
    }
    if (view.isWitness(present.get())) {
      return refusal(
          ChangeAnswer.Reason.NOTHING_TO_DO,
          name(present.get())
              + " is a witness: without its vote it would be of no use; remove it instead");
    }
    return check(with(present.get().withRole(Member.Role.OBSERVER)));
  }

  /** With a vote for this member, as a witness or as a voter; whom it replaces leaves. */
  static Membership promoted(MembershipInForce inForce, Member learner, boolean witness) {
    Member.Role role = witness ? Member.Role.WITNESS : Member.Role.VOTER;
    List<Member> members = new ArrayList<>();
    for (Member member : inForce.membership().members()) {
      if (member.equals(learner)) {
        members.add(learner.withRole(role));
      } else if (!learner.replaces().equals(Optional.of(member.server()))) {
        members.add(member);
      }
    }
    return new Membership(
        inForce.decidedAt(),
        learner.replaces().map(leaving -> replacingNot(leaving, members)).orElse(members));
  }

  /**
   * A change must leave a quorum of live voters. It must not use up the last live voter that could
   * be spared while another voter is down.
   */
  private Result check(List<Member> members) {
    if (members.stream().noneMatch(member -> member.role().votes())) {
      return refusal(
          ChangeAnswer.Reason.WOULD_LOSE_QUORUM, "nobody would have a vote: the cluster would end");
    }
    return check(new Membership(inForce.decidedAt(), members));
  }

  /** Now, and once all that are there have their votes. */
  private Result check(Membership after) {
    List<ServerId> awaited = new ArrayList<>();
    Membership settled = after;
    for (Member member : after.members()) {
      boolean joins = member.role() == Member.Role.LEARNER || member.replaces().isPresent();
      if (joins && isLive(member) && settled.members().contains(member)) {
        settled =
            promoted(
                new MembershipInForce(inForce.decidedAt(), settled), member, isWitness(member));
        awaited.add(member.server());
      }
    }
    Outlook outlook = new Outlook(settled.voters(), settled.quorum(), spare(settled), awaited);
    Membership inTheEnd = settled;
    return loses(after, "")
        .or(() -> awaited.isEmpty() ? Optional.empty() : loses(inTheEnd, soon(awaited)))
        .orElseGet(() -> new Result.Proposal(after, outlook));
  }

  private static String soon(List<ServerId> awaited) {
    return "once server "
        + awaited.stream().map(each -> "" + each.number()).collect(Collectors.joining(", "))
        + " votes: ";
  }

  private Optional<Result> loses(Membership after, String soon) {
    int before = spare(inForce.membership());
    int spare = spare(after);
    if (after.members().stream().noneMatch(member -> member.role() == Member.Role.VOTER)) {
      return losesQuorum(
          soon + "only witnesses would have votes, which have no store and never coordinate");
    }
    if (after.members().stream()
        .noneMatch(member -> member.role() == Member.Role.VOTER && isLive(member))) {
      return losesQuorum(soon + "of the voters that have a store none would be live");
    }
    if (spare < 0) {
      return losesQuorum(
          soon
              + "of the "
              + after.voters()
              + " voters "
              + (after.quorum() + spare)
              + " would be live, "
              + after.quorum()
              + " make a quorum");
    }
    boolean anyDown =
        after.members().stream().anyMatch(member -> member.role().votes() && !isLive(member));
    if (spare == 0 && spare < before && anyDown) {
      return losesQuorum(
          soon
              + "a voter is down, and after this no other could be spared: remove that one first, or"
              + " bring it back");
    }
    return Optional.empty();
  }

  private static Optional<Result> losesQuorum(String why) {
    return Optional.of(refusal(ChangeAnswer.Reason.WOULD_LOSE_QUORUM, why));
  }

  private Optional<Member> present(ServerId server) {
    return inForce.membership().member(server);
  }

  private List<Member> with(Member changed) {
    List<Member> members = allBut(changed.server());
    members.add(changed);
    return members;
  }

  private List<Member> without(ServerId server) {
    return replacingNot(server, allBut(server));
  }

  private List<Member> allBut(ServerId server) {
    List<Member> members = new ArrayList<>(inForce.membership().members());
    members.removeIf(member -> member.server().equals(server));
    return members;
  }

  /** Once it has left nobody takes its place: a later member with its id is another one. */
  private static List<Member> replacingNot(ServerId left, List<Member> members) {
    return members.stream()
        .map(
            member ->
                member.replaces().equals(Optional.of(left))
                    ? member.withRole(member.role())
                    : member)
        .toList();
  }

  private static Result noMember(ServerId server) {
    return refusal(ChangeAnswer.Reason.NOT_A_MEMBER, "no member has the id " + server.number());
  }

  private static Result refusal(ChangeAnswer.Reason reason, String why) {
    return new Result.Refusal(reason, why);
  }

  private static String name(Member member) {
    return "server " + member.server().number();
  }

  static String words(Member.Role role) {
    return switch (role) {
      case VOTER -> "a voter";
      case LEARNER -> "a learner";
      case WITNESS -> "a witness";
      case STANDBY -> "a standby";
      case OBSERVER -> "an observer";
    };
  }
}
