package io.synod.node;

import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.PeerView;
import io.synod.paxos.ServerId;
import io.synod.paxos.SlotRange;
import io.synod.paxos.UnknownSlot;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What is wrong with a server and what can be done, in words for a person. Driver thread. */
final class Warnings {
  private static final String WITHOUT_VOTES = " came back without what they held";

  private final Paxos paxos;
  private final PaxosSettings identity;

  Warnings(Paxos paxos, PaxosSettings identity) {
    this.paxos = paxos;
    this.identity = identity;
  }

  /**
   * The one that matters most.
   *
   * @param room what is to be said of the room that is left
   */
  Optional<String> first(Optional<String> room) {
    if (paxos.isVoteless()) {
      return Optional.of(
          "this server forgot votes that others saw it cast, so it casts none: its directory is an"
              + " older copy, or its disk lost writes; it joins again as a new incarnation");
    }
    Optional<String> lost = lostMajority();
    if (lost.isPresent()) {
      return lost;
    }
    return paxos
        .obstacle()
        .map(Warnings::election)
        .or(() -> room)
        .or(() -> paxos.torn().map(Warnings::torn))
        .or(this::withoutVote);
  }

  /**
   * Members that are there as another incarnation than the membership names, this server among
   * them: they have no vote before the log names that one. None while a newer membership is heard
   * of, which may name them.
   */
  Set<ServerId> otherLives() {
    Set<ServerId> others = new TreeSet<>();
    if (!paxos.isOpen()) {
      return others;
    }
    MembershipInForce known = paxos.membership();
    Optional<Member> own = known.membership().member(identity.server());
    if (own.isPresent() && !own.get().incarnation().equals(identity.incarnation())) {
      others.add(identity.server());
    }
    for (PeerView peer : paxos.peers()) {
      if (!peer.live()) {
        continue;
      }
      if (peer.standing().isPresent()
          && peer.standing().get().membershipAt().isAfter(known.decidedAt())) {
        return new TreeSet<>();
      }
      Optional<Member> member = known.membership().member(peer.server());
      if (member.isPresent()
          && peer.incarnation().isPresent()
          && !peer.incarnation().get().equals(member.get().incarnation())) {
        others.add(peer.server());
      }
    }
    return others;
  }

  /** Where there is a witness: who has no vote because a witness could not wait for it. */
  private Optional<String> withoutVote() {
    if (!paxos.isOpen()) {
      return Optional.empty();
    }
    Membership membership = paxos.membership().membership();
    List<ServerId> standbys =
        membership.members().stream()
            .filter(member -> member.role() == Member.Role.STANDBY)
            .map(Member::server)
            .toList();
    boolean witnessed =
        membership.members().stream().anyMatch(member -> member.role() == Member.Role.WITNESS);
    if (!witnessed || standbys.isEmpty()) {
      return Optional.empty();
    }
    int spare = membership.voters() - membership.quorum();
    return Optional.of(
        names(standbys)
            + (standbys.size() == 1 ? " has" : " have")
            + " no vote until it is back and has caught up, so that the log of a witness need not be kept"
            + " for it"
            + (spare == 0 ? ": until then no failure is tolerated" : ""));
  }

  /**
   * Voters that came back as a new incarnation have lost their votes; without a quorum of the old
   * ones no membership can name the new (protocol-rules.md, 24).
   */
  private Optional<String> lostMajority() {
    if (!paxos.isOpen()) {
      return Optional.empty();
    }
    Membership membership = paxos.membership().membership();
    List<ServerId> lost = withoutVotes(membership);
    return membership.voters() - lost.size() >= membership.quorum()
        ? Optional.empty()
        : Optional.of(noQuorumLeft(lost));
  }

  /** Voters that are there as another incarnation than the membership names. */
  private List<ServerId> withoutVotes(Membership membership) {
    return otherLives().stream()
        .filter(server -> membership.member(server).orElseThrow().role().votes())
        .toList();
  }

  /** Why clients waited in vain for a coordinator. Only when open. */
  String noCoordinator() {
    Optional<String> stuck = paxos.obstacle().map(Warnings::election);
    if (stuck.isPresent()) {
      return stuck.get();
    }
    Membership membership = paxos.membership().membership();
    List<ServerId> lost = withoutVotes(membership);
    Set<ServerId> there = new TreeSet<>(lost);
    there.add(identity.server());
    paxos.peers().stream().filter(PeerView::live).forEach(peer -> there.add(peer.server()));
    List<ServerId> unheard =
        membership.members().stream()
            .filter(member -> member.role().votes() && !there.contains(member.server()))
            .map(Member::server)
            .toList();
    return noCoordinator(membership, lost, unheard);
  }

  /**
   * Why there is none: a quorum that is gone, one that is not heard, or an election that takes its
   * time.
   *
   * @param lost voters that are there without their votes
   * @param unheard voters that are not heard
   */
  static String noCoordinator(Membership membership, List<ServerId> lost, List<ServerId> unheard) {
    int left = membership.voters() - lost.size();
    if (left < membership.quorum()) {
      return "no quorum is left: " + names(lost) + WITHOUT_VOTES + "; STATUS says what remains";
    }
    String silent =
        unheard.isEmpty()
            ? ""
            : " (" + names(unheard) + (unheard.size() == 1 ? " is" : " are") + " not heard)";
    return left - unheard.size() < membership.quorum()
        ? "no coordinator: this server hears no quorum"
            + silent
            + "; STATUS says for whom all waits"
        : "no coordinator: none was elected in time, though this server hears a quorum"
            + silent
            + "; STATUS says how it is";
  }

  static String noQuorumLeft(List<ServerId> lost) {
    return "no quorum is left: "
        + names(lost)
        + WITHOUT_VOTES
        + ", so that their votes count no more, and what only they"
        + " held is lost. What remains: copy what is left (BACKUP FILE local, at the server that has"
        + " applied most), stop all servers, and start a new cluster from that copy, or from an older"
        + " backup (scripts/restore.sh): docs/operations.md, \"When a quorum is gone for good\"";
  }

  static String election(UnknownSlot unknown) {
    StringBuilder text =
        new StringBuilder("no coordinator can be elected: what slot ")
            .append(unknown.slot().number())
            .append(" was given is not known to a quorum;");
    if (!unknown.torn().isEmpty()) {
      text.append(" the log of ").append(names(unknown.torn())).append(" has a torn end there;");
    }
    if (!unknown.damaged().isEmpty()) {
      text.append(" the disk of ").append(names(unknown.damaged())).append(" lost it;");
    }
    if (unknown.absent().isEmpty()) {
      // A torn end is no obstacle any more once all have answered: what is left was lost.
      return text.append(" all voters have answered, and no quorum of them knows what it accepted")
          .append(" there: docs/operations.md, \"When a quorum is gone for good\"")
          .toString();
    }
    text.append(" waiting for ").append(names(unknown.absent()));
    if (!unknown.torn().isEmpty()) {
      text.append(", or for --accept-torn-tail there");
    }
    return text.toString();
  }

  private static String torn(SlotRange range) {
    return "a write did not end when this server stopped: until all voters were heard, it does not"
        + " say that it accepted nothing in slots "
        + range.first().number()
        + "-"
        + range.last().number();
  }

  /** Servers as the rest of the texts names them. */
  static String names(List<ServerId> servers) {
    return servers.stream()
        .map(server -> "server " + server.number())
        .collect(Collectors.joining(", "));
  }
}
