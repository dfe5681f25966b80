package io.synod.node;

import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Paxos;
import io.synod.paxos.PeerView;
import io.synod.paxos.ServerId;
import io.synod.paxos.SlotRange;
import io.synod.paxos.UnknownSlot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What is wrong with a server and what can be done, in words for a person. Driver thread. */
final class Warnings {
  private final Paxos paxos;

  Warnings(Paxos paxos) {
    this.paxos = paxos;
  }

  /** The one that matters most. */
  Optional<String> first() {
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
        .or(() -> paxos.torn().map(Warnings::torn))
        .or(this::withoutVote);
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
    List<ServerId> lost = new ArrayList<>();
    for (PeerView peer : paxos.peers()) {
      Optional<Member> member = membership.member(peer.server());
      if (member.isPresent()
          && member.get().role().votes()
          && peer.live()
          && peer.incarnation().isPresent()
          && !peer.incarnation().get().equals(member.get().incarnation())) {
        lost.add(peer.server());
      }
    }
    if (membership.voters() - lost.size() >= membership.quorum()) {
      return Optional.empty();
    }
    return Optional.of(
        names(lost)
            + " came back without what they held: there is no quorum any more that could have them"
            + " join again, and what only they held is lost; nothing is served until an operator"
            + " decides what goes on (docs/operations.md)");
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
