package io.synod.paxos;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Who belongs to the cluster, as a value that a slot decides; in force for the slots behind its own
 * (Lamport, Malkhi &amp; Zhou, "Reconfiguring a State Machine", with a window of one).
 *
 * @param predecessor the slot of the membership it changes ({@link Slot#ZERO} for the founding
 *     one); it does nothing if that is not in force
 * @param members ordered by server id, each id once
 */
public record Membership(Slot predecessor, List<Member> members) implements Value {
  public Membership {
    if (members.isEmpty()) {
      throw new IllegalArgumentException("a membership has at least one member");
    }
    List<Member> sorted = new ArrayList<>(members);
    sorted.sort(Comparator.comparing(Member::server));
    for (int i = 1; i < sorted.size(); i++) {
      if (sorted.get(i).server().equals(sorted.get(i - 1).server())) {
        throw new IllegalArgumentException(
            "server id " + sorted.get(i).server() + " twice in a membership");
      }
    }
    if (sorted.stream().noneMatch(member -> member.role().votes())) {
      throw new IllegalArgumentException("a membership has at least one voter");
    }
    members = Collections.unmodifiableList(sorted);
  }

  /** The member with this id. */
  public Optional<Member> member(ServerId server) {
    for (Member member : members) {
      if (member.server().equals(server)) {
        return Optional.of(member);
      }
    }
    return Optional.empty();
  }

  /**
   * Whether this life of this server has a vote here (design.md, section 6: no vote of an
   * incarnation outlives its disk).
   */
  public boolean isVoter(ServerId server, Incarnation incarnation) {
    for (Member member : members) {
      if (member.server().equals(server)) {
        return member.role().votes() && member.incarnation().equals(incarnation);
      }
    }
    return false;
  }

  /** Whether this life of this server belongs here, with a vote or without. */
  public boolean isMember(ServerId server, Incarnation incarnation) {
    Optional<Member> member = member(server);
    return member.isPresent() && member.get().incarnation().equals(incarnation);
  }

  /** How many members vote. */
  public int voters() {
    int count = 0;
    for (Member member : members) {
      if (member.role().votes()) {
        count++;
      }
    }
    return count;
  }

  /** How many votes make a quorum: a majority of the voters, whoever of them is alive. */
  public int quorum() {
    return voters() / 2 + 1;
  }

  /**
   * Whether {@code counted} holds for a majority of the voters that have a state: of all but the
   * witnesses. Beside a voter that is alone its standbys count too: what one replica says of its
   * own state proves nothing.
   */
  boolean isMajorityOfReplicas(Predicate<Member> counted) {
    int replicas = 0;
    int votes = 0;
    boolean withStandbys = voters() == 1;
    for (Member member : members) {
      if (member.role() == Member.Role.VOTER
          || (withStandbys && member.role() == Member.Role.STANDBY)) {
        replicas++;
        votes += counted.test(member) ? 1 : 0;
      }
    }
    return votes >= replicas / 2 + 1;
  }

  /** Whether the voters that {@code counted} holds for are a quorum. */
  public boolean isQuorum(Predicate<Member> counted) {
    int votes = 0;
    for (Member member : members) {
      if (member.role().votes() && counted.test(member)) {
        votes++;
      }
    }
    return votes >= quorum();
  }
}
