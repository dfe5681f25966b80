package io.synod.server;

import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Notice;
import io.synod.paxos.ServerId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line for each thing in the protocol that an operator would ask about. What is ignored as a
 * matter of course is counted and not logged; what a peer does wrong is logged once for each kind,
 * then each time its number doubles. Driver thread only.
 */
final class NoticeLog {
  private static final Logger LOG = LoggerFactory.getLogger("io.synod.Protocol");

  /** A peer chooses what it does wrong: so many kinds of it are told apart. */
  private static final int MOST_KINDS = 1_000;

  private final Map<String, Long> counts = new HashMap<>();
  private List<ServerId> waitedFor = List.of();

  void add(Notice notice) {
    if (notice instanceof Notice.Ignored ignored) {
      count("ignored " + ignored.handler() + ": " + ignored.why());
    } else if (notice instanceof Notice.PeerMisbehaved misbehaved) {
      onMisbehaved(misbehaved);
    } else if (notice instanceof Notice.CoordinatorChosen chosen) {
      LOG.info(
          "{} is the coordinator, ballot {}, chosen in slot {}",
          name(chosen.ballot().server()),
          chosen.ballot(),
          chosen.slot());
    } else if (notice instanceof Notice.Campaigning campaigning) {
      LOG.info("campaigning with ballot {}: {}", campaigning.ballot(), campaigning.why());
    } else if (notice instanceof Notice.SteppedDown down) {
      LOG.warn("stepped down from ballot {}: {}", down.ballot(), down.why());
    } else if (notice instanceof Notice.MemberSilent silent) {
      LOG.warn("{} is lost: {}", name(silent.server()), silent.why());
    } else if (notice instanceof Notice.MemberHeard heard) {
      LOG.info("{} is heard", name(heard.server()));
    } else if (notice instanceof Notice.WaitingForServers waiting) {
      onWaiting(waiting.servers());
    } else if (notice instanceof Notice.ClusterOpened opened) {
      LOG.info(
          "cluster {} is open with {}",
          opened.founding().cluster(),
          members(opened.founding().membership()));
    } else if (notice instanceof Notice.FoundingRefused refused) {
      LOG.error("the cluster cannot be founded with {}: {}", name(refused.server()), refused.why());
    } else if (notice instanceof Notice.MembershipChosen chosen) {
      LOG.info(
          "the membership of slot {} is in force: {}", chosen.slot(), members(chosen.membership()));
    } else if (notice instanceof Notice.VersionChosen chosen) {
      LOG.info("the cluster behaves by {}", chosen.version());
    } else if (notice instanceof Notice.VotesForgotten forgotten) {
      LOG.error(
          "votes are forgotten: {} saw this server vote {}, its directory holds {}: it is an older"
              + " copy, or the disk lost writes that it had reported as done; this server votes no"
              + " more and joins again as a new incarnation",
          name(forgotten.server()),
          forgotten.seen(),
          forgotten.held());
    } else if (notice instanceof Notice.PeerForgot forgot) {
      LOG.error(
          "{} forgot votes: it was seen to vote {} and reports {}; its votes are not counted",
          name(forgot.server()),
          forgot.seen(),
          forgot.held());
    } else if (notice instanceof Notice.StateDiverged state) {
      LOG.error(
          "state diverged: {} has hash {} after slot {}, where a quorum has {}; it throws its state"
              + " away and fetches it from the others; look at its memory and disk",
          name(state.server()),
          Long.toHexString(state.hash()),
          state.slot(),
          Long.toHexString(state.right()));
    } else if (notice instanceof Notice.StateDisputed disputed) {
      LOG.error(
          "states disputed: after slot {} no state has a quorum; this server stops serving, since"
              + " nobody knows which is right",
          disputed.slot());
    } else if (notice instanceof Notice.VotesMoved moved) {
      LOG.info(
          "votes move: {} to lose theirs for now, {} to get theirs back",
          names(moved.taken()),
          names(moved.given()));
    } else if (notice instanceof Notice.InSyncChanged changed) {
      LOG.info(
          changed.now()
              ? "the last voter waits for {} with each write: it holds all that is acknowledged from"
                  + " here on"
              : "the last voter does not wait for {} any more: what is acknowledged from here on, it"
                  + " may lack",
          name(changed.standby()));
    } else if (notice instanceof Notice.HandingOver over) {
      LOG.info("hands ballot {} over to {}: {}", over.ballot(), name(over.to()), over.why());
    } else if (notice instanceof Notice.Removed removed) {
      LOG.warn(
          "this server was removed from the cluster by the membership of slot {}: it has no part in"
              + " it any more, and may be stopped",
          removed.slot());
    } else if (notice instanceof Notice.SnapshotNeeded needed) {
      LOG.info(
          "behind the log of {}, which begins at slot {}: asking for a snapshot",
          name(needed.from()),
          needed.cut());
    } else {
      throw new IllegalArgumentException("no words for " + notice);
    }
  }

  private void onWaiting(List<ServerId> servers) {
    if (!servers.isEmpty() && !servers.equals(waitedFor)) {
      waitedFor = servers;
      // One that was wiped cannot know that there is a cluster before another server tells it.
      LOG.info("waiting for {} to join their cluster, or to found one with them", names(servers));
    }
  }

  private void onMisbehaved(Notice.PeerMisbehaved misbehaved) {
    long times = count("misbehaved " + misbehaved.server() + ": " + misbehaved.what());
    if (Long.bitCount(times) == 1) {
      LOG.warn("{} sent {} ({} times)", name(misbehaved.server()), misbehaved.what(), times);
    }
  }

  private long count(String kind) {
    String counted = counts.size() < MOST_KINDS || counts.containsKey(kind) ? kind : "other";
    return counts.merge(counted, 1L, Long::sum);
  }

  /** How often a thing happened. */
  Map<String, Long> counts() {
    return Map.copyOf(counts);
  }

  private static String name(ServerId server) {
    return "server " + server.number();
  }

  private static String names(List<ServerId> servers) {
    return servers.isEmpty()
        ? "none"
        : servers.stream().map(NoticeLog::name).collect(Collectors.joining(", "));
  }

  private static String members(Membership membership) {
    return membership.members().stream().map(NoticeLog::member).collect(Collectors.joining(", "));
  }

  private static String member(Member member) {
    return name(member.server())
        + " ("
        + member.consensusAddress()
        + (member.role() == Member.Role.VOTER ? ")" : ", " + member.role() + ")");
  }
}
