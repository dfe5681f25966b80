package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;

/**
 * How a cluster begins (design.md, section 2; protocol-rules.md, 8): every listed server is met,
 * with the incarnation that it has now; the lowest one writes the founding; all make it durable;
 * then it is in force. One that was not opened is no data: it is withdrawn and made anew when all
 * are there and none has opened it.
 *
 * <p>Where {@link PaxosSettings#bootstrapAvailable} allows it, a majority is enough after a while.
 * The founding then names the absent ones as learners that were never met: they get their votes
 * through the log when they come, like a member that lost its disk. Only server 0 founds, and each
 * voter of such a founding must have been told that it may be: a majority that lost its disks and
 * starts as usual founds nothing beside the real cluster.
 *
 * <p>A server that was told its cluster ({@link PaxosSettings#expectedCluster}) knows that there is
 * one: it neither founds nor writes another server's founding down, and waits until one that has
 * that cluster's in force says so.
 */
final class FoundingRound {
  /** So many election timeouts a founder waits for all before a majority is enough. */
  private static final int PATIENCE = 10;

  private final PaxosSettings settings;
  private final Effects effects;
  private final SplittableRandom random;
  private final ServerId self;

  /** The founding that is durable here, opened or not. Survives a restart. */
  private Optional<Founding> founding;

  private boolean opened;

  /** The cluster is open here; if only a snapshot says so, how it was founded has to be told. */
  private boolean known;

  /** What the others said last. */
  private final TreeMap<ServerId, Met> met = new TreeMap<>();

  /** Who has the present founding durable; only the founder counts. */
  private final List<ServerId> synced = new ArrayList<>();

  private boolean candidateUsed;
  private long meetSentNanos = Long.MIN_VALUE;
  private long askedNanos = Long.MIN_VALUE;
  private List<ServerId> waitingSaid = List.of();
  private Optional<ClusterId> refused = Optional.empty();
  private long startedNanos = Long.MIN_VALUE;

  private record Met(Incarnation incarnation, Message.Meet meet, long atNanos) {}

  FoundingRound(
      PaxosSettings settings, Effects effects, SplittableRandom random, Recovered recovered) {
    this.settings = settings;
    this.effects = effects;
    this.random = random;
    this.self = settings.server();
    this.founding = recovered.founding();
    this.opened = recovered.opened();
    Check.that(!opened || founding.isPresent(), "opened without a founding");
  }

  /** The founding in force; none while the cluster is not open to this server. */
  Optional<Founding> inForce() {
    return opened ? founding : Optional.empty();
  }

  /** The cluster is open here: it is not to be founded any more. */
  void onOpen() {
    known = true;
  }

  /** Who was not heard lately, of those that the founding waits for. */
  List<ServerId> waitingFor(long nowNanos) {
    List<ServerId> waiting = new ArrayList<>();
    for (int i = 0; i < settings.listed().size(); i++) {
      ServerId server = new ServerId(i);
      Met last = met.get(server);
      if (!server.equals(self) && (last == null || isStale(last, nowNanos))) {
        waiting.add(server);
      }
    }
    return waiting;
  }

  /** Whether the cluster may be founded without these. */
  private boolean mayLeaveOut(List<ServerId> absent, long nowNanos) {
    int listed = settings.listed().size();
    return absent.isEmpty()
        || (settings.bootstrapAvailable()
            && listed - absent.size() > listed / 2
            && startedNanos != Long.MIN_VALUE
            && nowNanos - startedNanos >= PATIENCE * settings.electionTimeoutNanos());
  }

  private boolean isStale(Met last, long nowNanos) {
    return nowNanos - last.atNanos() > settings.electionTimeoutNanos();
  }

  void onTime(long nowNanos) {
    if (opened) {
      return;
    }
    if (startedNanos == Long.MIN_VALUE) {
      startedNanos = nowNanos;
    }
    if (meetSentNanos == Long.MIN_VALUE
        || nowNanos - meetSentNanos >= settings.pingIntervalNanos()) {
      meetSentNanos = nowNanos;
      meetAll();
      if (!known) {
        sayWaiting(nowNanos);
      }
    }
    advance(nowNanos);
  }

  /**
   * The cluster is open, and its membership does not name this life of this server: whoever
   * coordinates hears of it, and where its clients reach it.
   */
  void meetAgain(long nowNanos) {
    if (meetSentNanos == Long.MIN_VALUE
        || nowNanos - meetSentNanos >= settings.electionTimeoutNanos() / 4) {
      meetSentNanos = nowNanos;
      meetAll();
    }
  }

  private void meetAll() {
    for (int i = 0; i < settings.listed().size(); i++) {
      ServerId server = new ServerId(i);
      if (!server.equals(self)) {
        effects.send(server, meet());
      }
    }
  }

  /** An open server that is not in the list called: it can tell how the cluster was founded. */
  void introduce(ServerId server) {
    if (server.number() >= settings.listed().size()) {
      effects.send(server, meet());
    }
  }

  private Message.Meet meet() {
    return new Message.Meet(
        settings.listed(), settings.clientAddress(), founding, opened, settings.isWitness());
  }

  private void sayWaiting(long nowNanos) {
    List<ServerId> waiting = waitingFor(nowNanos);
    if (settings.expectedCluster().isEmpty()
        && !waiting.equals(waitingSaid)
        && nowNanos - startedNanos > settings.electionTimeoutNanos()) {
      waitingSaid = waiting;
      effects.notice(new Notice.WaitingForServers(waiting));
    }
  }

  void onMeet(long nowNanos, ServerId from, Incarnation incarnation, Message.Meet meet) {
    if (opened) {
      answerMeet(from, meet);
      return;
    }
    if (!meet.listed().equals(settings.listed()) && !meet.opened()) {
      effects.notice(
          new Notice.FoundingRefused(
              from,
              "founding lists differ: here "
                  + settings.listed()
                  + ", there "
                  + meet.listed()
                  + "; start all servers with the same list"));
      return;
    }
    boolean first = !met.containsKey(from) || !met.get(from).incarnation().equals(incarnation);
    met.put(from, new Met(incarnation, meet, nowNanos));
    if (meet.opened() && meet.founding().isPresent()) {
      adopt(from, incarnation, meet.founding().get());
      return;
    }
    if (first) {
      effects.send(from, meet());
    }
    advance(nowNanos);
  }

  /** An open server tells one that is not how the cluster was founded. */
  private void answerMeet(ServerId from, Message.Meet meet) {
    if (!meet.opened()) {
      effects.sendWhenDurable(from, new Message.FoundingOpened(founding.orElseThrow()));
    }
  }

  /** The founder's part: found when all are there, open when all voters have it durable. */
  private void advance(long nowNanos) {
    if (opened || known || self.number() != 0 || settings.expectedCluster().isPresent()) {
      return;
    }
    List<ServerId> absent = waitingFor(nowNanos);
    if (!mayLeaveOut(absent, nowNanos)) {
      return;
    }
    List<Member> members = listedMembers(absent);
    if (founding.isEmpty() || !founding.get().membership().members().equals(members)) {
      found(new Founding(newClusterId(), new Membership(Slot.ZERO, members)));
      return;
    }
    if (synced.containsAll(votersOf(members))) {
      open(founding.get());
      for (Member member : members) {
        if (!member.server().equals(self)) {
          effects.sendWhenDurable(member.server(), new Message.FoundingOpened(founding.get()));
        }
      }
    } else {
      askAll();
    }
  }

  private static List<ServerId> votersOf(List<Member> members) {
    return members.stream().filter(member -> member.role().votes()).map(Member::server).toList();
  }

  /** The listed servers as they are now. */
  private List<Member> listedMembers(List<ServerId> absent) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < settings.listed().size(); i++) {
      ServerId server = new ServerId(i);
      Address address = settings.listed().get(i);
      if (absent.contains(server)) {
        // Where clients will reach it is learned when it comes.
        members.add(
            new Member(server, Incarnation.NEVER_MET, address, address, Member.Role.LEARNER));
        continue;
      }
      Met other = met.get(server);
      members.add(
          new Member(
              server,
              other == null ? settings.incarnation() : other.incarnation(),
              address,
              other == null ? settings.clientAddress() : other.meet().clientAddress(),
              other != null && other.meet().witness() ? Member.Role.WITNESS : Member.Role.VOTER));
    }
    return members;
  }

  private ClusterId newClusterId() {
    if (!candidateUsed && founding.isEmpty()) {
      candidateUsed = true;
      return settings.candidateCluster();
    }
    return new ClusterId(new UUID(random.nextLong(), random.nextLong()));
  }

  private void found(Founding made) {
    prepare(made);
    synced.clear();
    askAll();
  }

  /** Asks all to write the present founding down; at most once a ping interval. */
  private void askAll() {
    if (askedNanos == meetSentNanos) {
      return;
    }
    askedNanos = meetSentNanos;
    for (int i = 0; i < settings.listed().size(); i++) {
      effects.send(new ServerId(i), new Message.Found(founding.orElseThrow()));
    }
  }

  private void prepare(Founding made) {
    founding = Optional.of(made);
    effects.record(new JournalRecord.FoundingPrepared(made));
  }

  void onFound(ServerId from, Message.Found found) {
    Founding made = found.founding();
    if (opened) {
      effects.ignored("onFound", "already open");
      effects.sendWhenDurable(from, new Message.FoundingOpened(founding.orElseThrow()));
      return;
    }
    if (known || from.number() != 0) {
      effects.ignored("onFound", known ? "founded long ago" : "not from the founder");
      return;
    }
    if (settings.expectedCluster().isPresent()) {
      refuse(from, made, "it founds");
      return;
    }
    if (!made.membership().isVoter(self, settings.incarnation())) {
      effects.ignored("onFound", "names another incarnation of this server");
      return;
    }
    Member.Role role = made.membership().member(self).orElseThrow().role();
    if ((role == Member.Role.WITNESS) != settings.isWitness()) {
      effects.notice(
          new Notice.FoundingRefused(
              from,
              "it would found this server as "
                  + ChangePlan.words(role)
                  + ", which it is not: are all servers of one release?"));
      return;
    }
    List<ServerId> leftOut =
        made.membership().members().stream()
            .filter(member -> !member.role().votes())
            .map(Member::server)
            .toList();
    if (!leftOut.isEmpty() && !settings.bootstrapAvailable()) {
      effects.notice(
          new Notice.FoundingRefused(
              from,
              "it would leave out "
                  + leftOut
                  + ", and this server was not told that it may; start those, or this one with"
                  + " --new-cluster --bootstrap-available too"));
      return;
    }
    if (!founding.equals(Optional.of(made))) {
      prepare(made);
    }
    effects.sendWhenDurable(from, new Message.FoundingSynced(made.cluster()));
  }

  /** Says once of each founding that this server has no part in it. */
  private void refuse(ServerId from, Founding theirs, String what) {
    if (!refused.equals(Optional.of(theirs.cluster()))) {
      refused = Optional.of(theirs.cluster());
      effects.notice(
          new Notice.FoundingRefused(
              from,
              what
                  + " cluster "
                  + theirs.cluster()
                  + ", and this server joins only cluster "
                  + settings.expectedCluster().orElseThrow()
                  + ", as cluster_id says; leave that out where there is no cluster yet"));
    }
  }

  void onSynced(long nowNanos, ServerId from, Message.FoundingSynced acknowledged) {
    if (opened || founding.isEmpty() || !founding.get().cluster().equals(acknowledged.cluster())) {
      effects.ignored("onSynced", "not of the present founding");
      return;
    }
    if (!synced.contains(from)) {
      synced.add(from);
    }
    advance(nowNanos);
  }

  void onOpened(ServerId from, Incarnation incarnation, Message.FoundingOpened message) {
    if (opened) {
      effects.ignored("onOpened", "already open");
      return;
    }
    adopt(from, incarnation, message.founding());
  }

  /**
   * Another server has this founding in force. One that wrote down a later founding believes it
   * only from a server that this later one names: such a server never acknowledged the later one,
   * which therefore never opens.
   */
  private void adopt(ServerId from, Incarnation incarnation, Founding theirs) {
    if (settings.expectedCluster().isPresent()
        && !settings.expectedCluster().get().equals(theirs.cluster())) {
      refuse(from, theirs, "it is of");
      return;
    }
    if (founding.isPresent()
        && !founding.get().equals(theirs)
        && !founding.get().membership().isVoter(from, incarnation)) {
      effects.ignored("adopt", "from a life that the present founding does not name");
      return;
    }
    open(theirs);
  }

  private void open(Founding made) {
    founding = Optional.of(made);
    opened = true;
    met.clear();
    effects.record(new JournalRecord.FoundingInForce(made));
    effects.notice(new Notice.ClusterOpened(made));
  }
}
