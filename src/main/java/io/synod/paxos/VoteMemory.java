package io.synod.paxos;

import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Remembers what other servers voted, and finds out whether this server has forgotten a vote of its
 * own (protocol-rules.md, 12): a directory that was copied back from an earlier day, or a disk that
 * reported writes and lost them, is the same incarnation with forgotten votes, and nothing in the
 * directory shows it. Only the others can know.
 *
 * <p>A server that starts asks them, and casts no vote before all voters have answered or half an
 * election timeout has passed. What it hears until then it compares with what its directory held at
 * the start, not with what it has learned since: that a forgotten vote happens to be for what was
 * chosen makes the directory no better. What it hears later it compares with what it holds now:
 * since votes only grow, one that was seen and is not held was forgotten, in whatever order
 * messages come.
 *
 * <p>What was seen is journaled at most once an election timeout.
 */
final class VoteMemory {
  /** One's own votes are said again after so many rounds of pings, in case they were lost. */
  private static final int REPEATED_ROUNDS = 16;

  private final PaxosSettings settings;
  private final Effects effects;
  private final Acceptor acceptor;
  private final Votes heldAtStart;
  private final TreeMap<Life, Votes> seen = new TreeMap<>();
  private final TreeMap<Life, Votes> noted = new TreeMap<>();
  private final TreeSet<ServerId> answered = new TreeSet<>();

  /** Lives that are known to have forgotten votes: none of theirs counts any more. */
  private final TreeSet<Life> forgetful = new TreeSet<>();

  /** Whether this run began with a directory that may have voted, and not all have answered. */
  private boolean asking;

  private boolean withholding;

  /** It forgot votes that others saw: it casts none of any kind, and only learns. */
  private boolean voteless;

  private long startedNanos = Long.MIN_VALUE;
  private long askedNanos = Long.MIN_VALUE;
  private long notedNanos = Long.MIN_VALUE;
  private Votes said = Votes.NONE;
  private Slot chosenSaid = Slot.ZERO;
  private int roundsSinceSaid;

  VoteMemory(PaxosSettings settings, Effects effects, Acceptor acceptor, Recovered recovered) {
    this.settings = settings;
    this.effects = effects;
    this.acceptor = acceptor;
    this.heldAtStart = acceptor.votesOwned();
    this.asking = recovered.opened() || recovered.membership().isPresent();
    this.withholding = asking;
    for (PeerVotes each : recovered.seen()) {
      seen.put(each.life(), each.votes());
      noted.put(each.life(), each.votes());
    }
  }

  /** A snapshot outlived a journal that knows less: votes may be lost with it. */
  void onOpenedBySnapshot() {
    asking = true;
    withholding = true;
  }

  /** Whether it is too early to vote: others may have seen more than this server holds. */
  boolean isWithholding() {
    return withholding;
  }

  /** Whether this server is known to have forgotten votes, so that it casts none in this life. */
  boolean isVoteless() {
    return voteless;
  }

  /** What this life was seen to have voted. */
  Votes seen(Life life) {
    return seen.getOrDefault(life, Votes.NONE);
  }

  /** A vote of a member's present life, durable there. */
  void onSeen(Life life, Votes votes, Membership membership) {
    if (!membership.isMember(life.server(), life.incarnation())) {
      effects.ignored("onSeen", "not of a member");
      return;
    }
    seen.merge(life, votes, Votes::max);
  }

  /** Tells one that asks. */
  void onRequest(ServerId from, Incarnation incarnation) {
    tell(new Life(from, incarnation));
  }

  /** Tells a member what was seen of it. */
  void tell(Life life) {
    effects.send(life.server(), new Message.VotesSeen(life.incarnation(), seen(life)));
  }

  /** Another says what it saw of this server. Returns whether that made this server voteless. */
  boolean onVotesSeen(ServerId from, Message.VotesSeen message) {
    if (voteless) {
      effects.ignored("onVotesSeen", "it is known that votes are forgotten");
      return false;
    }
    if (!message.incarnation().equals(settings.incarnation())) {
      effects.ignored("onVotesSeen", "of another life");
      return false;
    }
    answered.add(from);
    Votes held = withholding ? heldAtStart : acceptor.votesOwned();
    if (!held.lacks(message.votes())) {
      return false;
    }
    voteless = true;
    effects.notice(new Notice.VotesForgotten(from, message.votes(), held));
    effects.record(new JournalRecord.VotesForgotten());
    return true;
  }

  /** Asks, notes down, and says what this server has voted; what is due of it. */
  void onTime(long nowNanos, Membership membership) {
    if (startedNanos == Long.MIN_VALUE) {
      startedNanos = nowNanos;
    }
    ask(nowNanos, membership);
    if (notedNanos == Long.MIN_VALUE || nowNanos - notedNanos >= settings.electionTimeoutNanos()) {
      notedNanos = nowNanos;
      noteDown();
    }
  }

  private void ask(long nowNanos, Membership membership) {
    if (!asking) {
      return;
    }
    boolean all = true;
    boolean due =
        askedNanos == Long.MIN_VALUE || nowNanos - askedNanos >= settings.pingIntervalNanos();
    for (Member member : membership.members()) {
      if (member.server().equals(settings.server()) || answered.contains(member.server())) {
        continue;
      }
      all &= !member.role().votes();
      if (due) {
        effects.send(member.server(), new Message.VotesSeenRequest());
      }
    }
    if (due) {
      askedNanos = nowNanos;
    }
    asking = !all;
    withholding &= asking && nowNanos - startedNanos < settings.electionTimeoutNanos() / 2;
  }

  private void noteDown() {
    seen.forEach(
        (life, votes) -> {
          if (!votes.equals(noted.put(life, votes))) {
            effects.record(
                new JournalRecord.VotesNoted(
                    new PeerVotes(life.server(), life.incarnation(), votes)));
          }
        });
  }

  /**
   * With each round of pings: says how far this server has voted, if that is news, and how much it
   * has durably, if there is a witness that keeps the rest. It says so to itself too: when that
   * comes, it is so. While it withholds its votes it says nothing: what others saw until then is of
   * earlier runs.
   *
   * @param witnessed whether there is a witness
   */
  void onPinged(Membership membership, boolean witnessed) {
    Votes votes = acceptor.votes();
    Slot chosen = acceptor.chosen();
    roundsSinceSaid++;
    if (withholding) {
      return;
    }
    boolean news = !votes.equals(said) || (witnessed && !chosen.equals(chosenSaid));
    if (!news && roundsSinceSaid < REPEATED_ROUNDS) {
      return;
    }
    said = votes;
    chosenSaid = chosen;
    roundsSinceSaid = 0;
    for (Member member : membership.members()) {
      if (witnessed || !member.server().equals(settings.server())) {
        effects.sendWhenDurable(member.server(), new Message.VotesCast(votes, chosen));
      }
    }
  }

  /** Lives that are no members any more are forgotten. */
  void onMembership(Membership membership) {
    seen.keySet().removeIf(life -> !membership.isMember(life.server(), life.incarnation()));
    noted.keySet().retainAll(seen.keySet());
    forgetful.removeIf(life -> !membership.isMember(life.server(), life.incarnation()));
  }

  /** All that was seen so far: what a promise that is asked for from now on must report. */
  Map<Life, Votes> snapshot() {
    return new TreeMap<>(seen);
  }

  /** This life reports less than it was seen to have voted before it was asked. */
  void onForgot(Life life, Votes before, Votes reported) {
    if (forgetful.add(life)) {
      effects.notice(new Notice.PeerForgot(life.server(), before, reported));
    }
    tell(life);
  }

  /** Whether this life has shown that it forgot votes. */
  boolean isForgetful(Life life) {
    return forgetful.contains(life);
  }
}
