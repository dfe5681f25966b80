package io.synod.paxos;

import com.google.errorprone.annotations.FormatMethod;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * The cores alone, with coordinators that are overthrown many times a simulated second: their links
 * are cut, for some in one direction only, and the others are told at once that they are gone. Any
 * message may arrive at any time. One seed decides all; safety only.
 */
public final class Duel {
  private static final long MILLI = 1_000_000;
  private static final int CALM_STEPS = 3_000;
  private static final int STEPS = 40_000;
  private static final int[] SIZES = {2, 3, 3, 3, 4, 5, 5};

  private record Flight(int from, int to, Incarnation life, Message message) {}

  private record Pending(int position, ServerId to, Message message) {}

  /** What was accepted, not yet durably, and before which position of the journal. */
  private record Vote(int position, AcceptedValue accepted) {}

  private final SplittableRandom random;
  private final int size;
  private final List<Address> listed = new ArrayList<>();
  private final List<Server> servers = new ArrayList<>();
  private final List<Flight> flights = new ArrayList<>();
  private final TreeMap<Slot, Value> chosen = new TreeMap<>();
  private final boolean[][] cut;
  private final int window;
  private final int pipeline;
  private final int messageBytes;
  private final double loss;
  private final double syncs;
  private final boolean changes;
  private final int cuts;
  private final int heals;
  private final int changesEach;

  /** How often a coordinator is cut off just when it proposes, or has something chosen. */
  private final double pounces;

  /** What a crash may do to what was durable. */
  private enum Damage {
    NONE,
    /** Acceptances are lost, and their slots are reported as unknown. */
    UNKNOWN,
    /** The same, reported as torn. */
    TORN
  }

  /** Comes only with a membership that stays, and to a minority. */
  private final Damage damage;

  private final int firstDamaged;
  private final VoteLedger ledger = new VoteLedger();

  /** What there is more where reads rely on leases; none elsewhere. */
  private final Optional<Leases> leases;

  private boolean faults;
  private Slot acknowledged = Slot.ZERO;
  private long proposed;
  private long reads;
  private long batches;

  /** One server, up or down. */
  private static final class Server {
    final int number;
    int lives;
    List<JournalRecord> journal = new ArrayList<>();
    int durable;
    final List<Pending> pending = new ArrayList<>();

    /** What it has accepted behind its cut, according to its journal. */
    final TreeMap<Slot, AcceptedValue> held = new TreeMap<>();

    final List<Vote> votes = new ArrayList<>();
    final TreeMap<Long, Slot> reading = new TreeMap<>();
    Optional<Paxos> core = Optional.empty();
    long clock;

    /** How fast its clock runs, and what it showed when the duel began. */
    double rate = 1;

    long offset;
    Slot applied = Slot.ZERO;

    Server(int number) {
      this.number = number;
    }

    Incarnation life() {
      return new Incarnation(new UUID(lives, number));
    }
  }

  /**
   * Duels in which reads rely on leases: all clocks follow one time, at rates of their own, and
   * elections come within a lease's length.
   */
  private static final class Leases {
    private static final double MOST_DRIFT = 0.05;

    final SplittableRandom random;

    /** True time. */
    long nowNanos;

    /** All links carry again in so many steps. */
    int healsIn;

    /** Reads answered under a lease, by those that are up no more. */
    long served;

    Leases(long seed) {
      random = new SplittableRandom(~seed);
    }

    void begin(Server server) {
      boolean worst = random.nextBoolean();
      double drift = worst ? (random.nextBoolean() ? 1 : -1) : 2 * random.nextDouble() - 1;
      server.rate = 1 + MOST_DRIFT * drift;
      server.offset = random.nextLong(1_000_000 * MILLI);
      server.clock = local(server);
    }

    long local(Server server) {
      return server.offset + Math.round(nowNanos * server.rate);
    }

    /** A little time passes, or all stand still for long. */
    void pass() {
      nowNanos += random.nextLong(MILLI / 2);
      if (random.nextInt(4_000) == 0) {
        nowNanos += random.nextLong(300 * MILLI);
      }
    }
  }

  private Duel(long seed, boolean withLeases) {
    random = new SplittableRandom(seed);
    leases = withLeases ? Optional.of(new Leases(seed)) : Optional.empty();
    size = SIZES[random.nextInt(SIZES.length)];
    cut = new boolean[size][size];
    window = 1 << random.nextInt(7);
    pipeline = 1 << random.nextInt(6);
    messageBytes = random.nextBoolean() ? 1 << 16 : 40 + random.nextInt(200);
    loss = withLeases || random.nextBoolean() ? 0 : random.nextDouble() * 0.1;
    syncs = 0.2 + 0.8 * random.nextDouble();
    changes = random.nextBoolean();
    cuts = withLeases ? 0 : 1 + random.nextInt(5);
    heals = withLeases ? 0 : 1 + random.nextInt(1 + random.nextInt(8));
    changesEach = changes ? 1 + random.nextInt(6) : 0;
    pounces =
        withLeases || random.nextInt(4) == 0 ? 0 : 0.2 * random.nextDouble() * random.nextDouble();
    damage = changes ? Damage.NONE : Damage.values()[random.nextInt(Damage.values().length)];
    firstDamaged = random.nextInt(size);
    for (int i = 0; i < size; i++) {
      listed.add(new Address("localhost", 9000 + i));
      Server server = new Server(i);
      leases.ifPresent(with -> with.begin(server));
      servers.add(server);
    }
  }

  /** What is wrong with a seed, if anything is. */
  public static Optional<Throwable> failure(long seed) {
    return failure(new Duel(seed, /* withLeases= */ false));
  }

  /** The same with reads that rely on leases. */
  public static Optional<Throwable> leaseFailure(long seed) {
    return failure(new Duel(seed, /* withLeases= */ true));
  }

  private static Optional<Throwable> failure(Duel duel) {
    try {
      long unused = duel.run();
      return Optional.empty();
    } catch (RuntimeException | AssertionError e) {
      return Optional.of(e);
    }
  }

  /** How many values were chosen. */
  static long run(long seed) {
    return new Duel(seed, /* withLeases= */ false).run();
  }

  /** How many requests for a read point were answered under a lease. */
  static long runWithLeases(long seed) {
    Duel duel = new Duel(seed, /* withLeases= */ true);
    long unused = duel.run();
    duel.servers.forEach(duel::countServed);
    return duel.leases.orElseThrow().served;
  }

  private void countServed(Server server) {
    leases.ifPresent(with -> with.served += server.core.map(Paxos::leaseReads).orElse(0L));
  }

  private long run() {
    servers.forEach(this::start);
    for (int i = 0; i < STEPS; i++) {
      faults = i > CALM_STEPS;
      one();
      leases.ifPresent(this::oneOfLeases);
    }
    return batches;
  }

  private void oneOfLeases(Leases with) {
    with.pass();
    Server server = servers.get(with.random.nextInt(size));
    boolean coordinates = server.core.map(Paxos::isCoordinating).orElse(false);
    if (coordinates && with.random.nextInt(6) == 0) {
      read(server);
    }
    if (with.random.nextInt(4) == 0) {
      readClock(server);
    }
    if (!faults) {
      return;
    }
    if (with.healsIn > 0 && --with.healsIn == 0) {
      for (boolean[] row : cut) {
        Arrays.fill(row, false);
      }
    }
    if (coordinates && with.healsIn == 0 && with.random.nextInt(100) == 0) {
      overthrow(with, server);
    }
  }

  /**
   * The others take a coordinator for gone, of which it hears nothing for a while; before that it
   * may hand over, and those that gave it a lease may start again.
   */
  private void overthrow(Leases with, Server victim) {
    if (with.random.nextInt(4) == 0) {
      step(victim, new Input.HandOverRequested(1, Optional.empty(), "asked to"));
    }
    boolean restarts = with.random.nextInt(3) == 0;
    with.healsIn = 200 + with.random.nextInt(4_000);
    for (Server other : servers) {
      if (other == victim) {
        continue;
      }
      if (restarts && other.core.isPresent() && with.random.nextBoolean()) {
        crash(other);
        start(other);
      }
      boolean stays = size > 3 && with.random.nextInt(4) == 0;
      cut[victim.number][other.number] |= !stays;
      cut[other.number][victim.number] |= !stays;
      step(other, new Input.PeerUnreachable(new ServerId(victim.number)));
    }
  }

  /** Where that is wanted. */
  private void readClock(Server server) {
    if (leases.isPresent() && server.core.map(Paxos::wantsClock).orElse(false)) {
      step(server, new Input.ClockRead(leases.get().local(server)));
    }
  }

  private void start(Server server) {
    leases.ifPresent(with -> server.clock = with.local(server));
    PaxosSettings settings =
        new PaxosSettings(
            new ServerId(server.number),
            server.life(),
            listed,
            listed.get(server.number),
            new ClusterId(new UUID(2, server.number)),
            random.nextLong(),
            50 * MILLI,
            500 * MILLI,
            pipeline,
            messageBytes,
            random.nextInt(2));
    Recovered recovered = Fold.of(server.journal);
    server.durable = server.journal.size();
    Paxos core = new Paxos(settings, recovered);
    server.core = Optional.of(core);
    server.applied = recovered.cut();
    perform(server, core.start(recovered.cut(), VersionInForce.FIRST));
  }

  private Server any() {
    return servers.get(random.nextInt(size));
  }

  private void one() {
    int drawn = random.nextInt(faults ? 990 + cuts + heals + changesEach : 985);
    if (drawn < 500) {
      deliver();
    } else if (drawn < 620) {
      Server server = any();
      long passed = random.nextLong(10 * MILLI);
      if (leases.isEmpty()) {
        server.clock += passed;
      }
      step(server, new Input.TimePassed(server.clock, 0, server.applied));
      if (leases.isPresent()) {
        // The next turn has read its clock, and takes in more before it is told.
        server.clock = leases.get().local(server);
        readClock(server);
      }
    } else if (drawn < 800) {
      if (random.nextDouble() < syncs) {
        sync(any());
      }
    } else if (drawn < 930) {
      propose();
    } else if (drawn < 985) {
      read(any());
    } else if (drawn < 987) {
      Server server = any();
      if (server.applied.number() > 10) {
        step(
            server,
            new Input.SnapshotTaken(new Slot(server.applied.number() - random.nextInt(10))));
      }
    } else if (drawn < 990) {
      crashOrStart(any());
    } else if (drawn < 990 + cuts) {
      cut();
    } else if (drawn < 990 + cuts + heals) {
      heal();
    } else {
      changeMembership();
    }
  }

  private void deliver() {
    if (flights.isEmpty()) {
      return;
    }
    Flight flight = flights.remove(random.nextInt(Math.min(window, flights.size())));
    boolean self = flight.from() == flight.to();
    if (cut[flight.from()][flight.to()]) {
      if (random.nextInt(4) > 0) {
        flights.add(flight);
      }
      return;
    }
    if (!self && random.nextDouble() < loss) {
      return;
    }
    if (!self && random.nextInt(50) == 0) {
      flights.add(flight);
    }
    Server to = servers.get(flight.to());
    step(to, new Input.Received(new ServerId(flight.from()), flight.life(), flight.message()));
  }

  /** Some or all of what was journaled becomes durable, and what waited for it leaves. */
  private void sync(Server server) {
    if (server.core.isEmpty()) {
      return;
    }
    server.durable = server.journal.size();
    countVotes(server);
    List<Pending> ready = new ArrayList<>(server.pending);
    server.pending.clear();
    ready.forEach(each -> fly(server, each.to(), each.message()));
  }

  /** What a server accepted and has durable is a vote. */
  private void countVotes(Server server) {
    for (Vote vote : server.votes) {
      if (vote.position() < server.durable) {
        Life voter = new Life(new ServerId(server.number), server.life());
        ledger.cast(voter, vote.accepted()).ifPresent(Duel::fail);
      }
    }
    server.votes.clear();
  }

  private void propose() {
    for (Server server : servers) {
      int room = server.core.map(Paxos::proposalRoom).orElse(0);
      if (room > 0) {
        List<Value.Batch> values = new ArrayList<>();
        for (int i = Math.min(room, 1 + random.nextInt(3)); i > 0; i--) {
          proposed++;
          values.add(CoreCluster.batch("v" + proposed));
        }
        step(server, new Input.Proposed(values));
      }
    }
  }

  private void read(Server server) {
    if (server.core.isPresent() && server.core.get().isOpen()) {
      reads++;
      server.reading.put(reads, acknowledged);
      boolean underLease = leases.isPresent() && leases.get().random.nextInt(4) > 0;
      step(server, new Input.ReadsWaiting(reads, underLease));
    }
  }

  /** Cuts a server off, a coordinator if there is one, and perhaps has the others told. */
  private void cut() {
    if (random.nextInt(3) == 0) {
      partition();
      return;
    }
    Server victim = any();
    for (Server server : servers) {
      if (server.core.map(Paxos::isCoordinating).orElse(false) && random.nextInt(3) > 0) {
        victim = server;
      }
    }
    cutOff(victim);
  }

  private void cutOff(Server victim) {
    boolean told = random.nextInt(3) > 0;
    int how = random.nextInt(3);
    for (Server other : servers) {
      if (other != victim && random.nextInt(4) > 0) {
        cut[victim.number][other.number] |= how != 1;
        cut[other.number][victim.number] |= how != 2;
        if (told) {
          step(other, new Input.PeerUnreachable(new ServerId(victim.number)));
        }
      }
    }
  }

  /** Cuts the links between two groups. */
  private void partition() {
    boolean[] side = new boolean[size];
    for (int i = 0; i < size; i++) {
      side[i] = random.nextBoolean();
    }
    partition(side);
  }

  /** Voters of a new membership from the others, roughly: those may not know that it is chosen. */
  private void partition(Membership membership) {
    boolean[] side = new boolean[size];
    for (Server each : servers) {
      boolean voter = membership.isVoter(new ServerId(each.number), each.life());
      side[each.number] = random.nextInt(10) < (voter ? 7 : 1);
    }
    partition(side);
  }

  private void partition(boolean[] side) {
    boolean told = random.nextInt(3) > 0;
    for (Server from : servers) {
      for (Server to : servers) {
        if (side[from.number] != side[to.number]) {
          cut[from.number][to.number] = true;
          if (told) {
            step(to, new Input.PeerUnreachable(new ServerId(from.number)));
          }
        }
      }
    }
  }

  /** One link carries again, or all; a coordinator that was overthrown unheard may be asked. */
  private void heal() {
    if (random.nextBoolean()) {
      int one = random.nextInt(size);
      int other = random.nextInt(size);
      cut[one][other] = false;
      cut[other][one] = false;
    } else {
      for (boolean[] row : cut) {
        Arrays.fill(row, false);
      }
    }
    for (Server server : servers) {
      if (server.core.map(Paxos::isCoordinating).orElse(false)) {
        read(server);
      }
    }
  }

  private void crashOrStart(Server drawn) {
    for (Server each : servers) {
      if (each.core.isEmpty() && random.nextInt(3) > 0) {
        start(each);
        return;
      }
    }
    if (drawn.core.isPresent()) {
      crash(drawn);
    }
  }

  private void crash(Server server) {
    countServed(server);
    server.core = Optional.empty();
    server.pending.clear();
    server.reading.clear();
    int kept = server.durable + random.nextInt(server.journal.size() - server.durable + 1);
    server.journal.subList(kept, server.journal.size()).clear();
    server.durable = kept;
    countVotes(server);
    holdAll(server);
    boolean damageable = (server.number - firstDamaged + size) % size < (size - 1) / 2;
    if (damage != Damage.NONE && damageable && random.nextInt(3) == 0 && !server.held.isEmpty()) {
      damage(server);
    }
    if (changes && random.nextInt(3) == 0 && canLoseItsDisk(server)) {
      server.journal = new ArrayList<>();
      server.durable = 0;
      server.held.clear();
      server.lives++;
      server.applied = Slot.ZERO;
    }
  }

  /** Loses the last acceptances, as the journal's recovery reports it (protocol-rules.md, 3, 4). */
  private void damage(Server server) {
    Recovered whole = Fold.of(server.journal);
    Slot last = server.held.lastKey();
    Slot first =
        Slot.max(server.held.firstKey(), Slot.of(Math.max(1, last.number() - random.nextInt(8))));
    Optional<SlotRange> before = damage == Damage.TORN ? whole.torn() : whole.unknown();
    SlotRange lost =
        new SlotRange(
            before.map(range -> Slot.min(range.first(), first)).orElse(first),
            before.map(range -> Slot.max(range.last(), last)).orElse(last));
    server.journal.removeIf(
        each ->
            (each instanceof JournalRecord.ValueAccepted accepted
                    && !accepted.accepted().slot().isBefore(first))
                || (each instanceof JournalRecord.ChosenUpTo chosen
                    && !chosen.slot().isBefore(first)));
    server.journal.add(new JournalRecord.Promised(whole.promised()));
    server.journal.add(
        damage == Damage.TORN
            ? new JournalRecord.Damage(Optional.empty(), Optional.of(lost))
            : new JournalRecord.Damage(Optional.of(lost), Optional.empty()));
    server.durable = server.journal.size();
    holdAll(server);
  }

  private static void holdAll(Server server) {
    server.held.clear();
    server.journal.forEach(each -> hold(server, each));
  }

  /** Whether all others run on and name the present lives of all as voters. */
  private boolean canLoseItsDisk(Server server) {
    for (Server other : servers) {
      if (other != server
          && !(other.core.isPresent() && other.core.get().isOpen() && namesAll(other.core.get()))) {
        return false;
      }
    }
    return size > 2;
  }

  private boolean namesAll(Paxos core) {
    return servers.stream()
        .allMatch(
            each -> core.membership().membership().isVoter(new ServerId(each.number), each.life()));
  }

  private void changeMembership() {
    for (Server server : servers) {
      if (server.core.map(Paxos::isCoordinating).orElse(false)) {
        MembershipInForce now = server.core.get().membership();
        List<Member> members = new ArrayList<>(now.membership().members());
        int one = random.nextInt(members.size());
        boolean several = random.nextBoolean();
        for (int place = 0; place < members.size(); place++) {
          Member member = members.get(place);
          if (place == one || (several && random.nextBoolean())) {
            members.set(
                place,
                member.withRole(
                    member.role() == Member.Role.VOTER ? Member.Role.STANDBY : Member.Role.VOTER));
          }
        }
        boolean present =
            members.stream()
                .filter(each -> each.role().votes())
                .allMatch(
                    each -> each.incarnation().equals(servers.get(each.server().number()).life()));
        if (present && members.stream().anyMatch(each -> each.role().votes())) {
          // One that follows another than that in force does nothing.
          Slot follows =
              random.nextInt(4) > 0
                  ? now.decidedAt()
                  : Slot.of(random.nextLong(now.decidedAt().number() + 1));
          step(server, new Input.MembershipProposed(new Membership(follows, members)));
        }
      }
    }
  }

  private void step(Server server, Input input) {
    if (server.core.isPresent()) {
      perform(server, server.core.get().step(input));
    }
  }

  private void perform(Server server, Output output) {
    note(server, output);
    boolean proposes = false;
    for (Output.Send<Message.Unbound> send : output.sendNow()) {
      fly(server, send.to(), send.message());
      if (send.message() instanceof Message.Propose propose) {
        proposes = true;
        ledger.proposed(propose).ifPresent(Duel::fail);
      }
    }
    for (Output.Send<Message.Binding> send : output.sendWhenDurable()) {
      if (send.message() instanceof Message.Promise promise) {
        checkReport(server, promise);
      }
      server.pending.add(new Pending(server.journal.size(), send.to(), send.message()));
    }
    for (Output.ChosenValue each : output.chosen()) {
      apply(server, each);
    }
    for (Output.ReadAnswer answer : output.readPoints()) {
      Slot begun = server.reading.remove(answer.id());
      if (begun != null && answer instanceof Output.ReadAnswer.Ready ready) {
        check(
            !ready.point().isBefore(begun),
            "ReadNotOlderThanAcknowledged: server %s reads at %s what was acknowledged at %s",
            server.number,
            ready.point(),
            begun);
      }
    }
    for (Notice notice : output.notices()) {
      check(!(notice instanceof Notice.PeerMisbehaved), "PeersBehave: %s", notice);
      check(
          damage == Damage.TORN
              || !(notice instanceof Notice.VotesForgotten || notice instanceof Notice.PeerForgot),
          "AcceptedNeverForgotten: %s",
          notice);
      if (notice instanceof Notice.ClusterOpened opened) {
        ledger.onFounded(opened.founding().membership());
      }
      if (notice instanceof Notice.SnapshotNeeded needed) {
        install(server, servers.get(needed.from().number()));
      }
    }
    boolean chooses =
        !output.chosen().isEmpty() && server.core.map(Paxos::isCoordinating).orElse(false);
    checkMembership(server);
    if (!faults || pounces == 0) {
      return;
    }
    Optional<Membership> next =
        chooses
            ? output.chosen().stream()
                .map(Output.ChosenValue::value)
                .filter(Membership.class::isInstance)
                .map(Membership.class::cast)
                .findFirst()
            : Optional.empty();
    if (next.isPresent() && random.nextInt(4) > 0) {
      partition(next.get());
    } else if ((proposes || chooses) && random.nextDouble() < pounces) {
      pounce(server);
    }
  }

  private void pounce(Server victim) {
    if (random.nextInt(4) == 0 && victim.core.isPresent()) {
      crash(victim);
    } else if (random.nextBoolean()) {
      cutOff(victim);
    } else {
      partition();
    }
  }

  /** The membership that a server has in force is that of its chosen prefix. */
  private void checkMembership(Server server) {
    if (server.core.map(Paxos::isOpen).orElse(false)) {
      Paxos core = server.core.get();
      check(
          !core.chosen().isAfter(ledger.upTo()),
          "AppliedLeChosen: server %s takes up to %s for chosen, chosen is up to %s",
          server.number,
          core.chosen(),
          ledger.upTo());
      check(
          core.membership().equals(ledger.membershipAt(core.chosen())),
          "MembershipInForce: at server %s %s, chosen is %s",
          server.number,
          core.membership(),
          ledger.membershipAt(core.chosen()));
    }
  }

  private void note(Server server, Output output) {
    TreeSet<Slot> chosenNow = new TreeSet<>();
    output.chosen().forEach(each -> chosenNow.add(each.slot()));
    for (JournalRecord each : output.records()) {
      // What is taken over because it is chosen is no vote.
      if (each instanceof JournalRecord.ValueAccepted accepted
          && !chosenNow.contains(accepted.accepted().slot())) {
        server.votes.add(new Vote(server.journal.size(), accepted.accepted()));
      }
      server.journal.add(each);
      hold(server, each);
    }
  }

  private static void hold(Server server, JournalRecord journaled) {
    if (journaled instanceof JournalRecord.ValueAccepted each) {
      server.held.put(each.accepted().slot(), each.accepted());
    } else if (journaled instanceof JournalRecord.Cut cut) {
      server.held.headMap(cut.slot(), true).clear();
    }
  }

  /** Phase 1b reports what was accepted, all of it. */
  private static void checkReport(Server server, Message.Promise promise) {
    check(
        server.held.isEmpty() || !promise.last().isBefore(server.held.lastKey()),
        "PromiseReportsAll: server %s accepted up to %s and reports %s",
        server.number,
        server.held,
        promise.last());
    for (AcceptedValue each : promise.accepted()) {
      check(
          each.equals(server.held.get(each.slot())),
          "PromiseReportsAll: server %s holds %s and reports %s",
          server.number,
          server.held,
          each);
    }
  }

  private void apply(Server server, Output.ChosenValue each) {
    check(
        each.slot().equals(server.applied.next()),
        "AppliedGapless: server %s applies %s after %s",
        server.number,
        each.slot(),
        server.applied);
    server.applied = each.slot();
    Value before = chosen.putIfAbsent(each.slot(), each.value());
    check(
        before == null || before.equals(each.value()),
        "AgreementPerSlot: %s is %s, and %s at server %s",
        each.slot(),
        before,
        each.value(),
        server.number);
    check(
        ledger.at(each.slot()).map(AcceptedValue::value).equals(Optional.of(each.value())),
        "AppliedLeChosen: server %s applies %s, chosen is %s",
        server.number,
        each,
        ledger.at(each.slot()));
    acknowledged = Slot.max(acknowledged, each.slot());
    if (before == null && each.value() instanceof Value.Batch) {
      batches++;
    }
  }

  private void install(Server server, Server source) {
    if (source.core.isEmpty() || !source.applied.isAfter(server.applied)) {
      step(server, new Input.SnapshotGivenUp());
      return;
    }
    Slot at = source.applied;
    server.applied = at;
    step(
        server,
        new Input.SnapshotInstalled(at, source.core.get().membershipAt(at), VersionInForce.FIRST));
  }

  private void fly(Server from, ServerId to, Message message) {
    flights.add(new Flight(from.number, to.number(), from.life(), message));
  }

  private static void fail(String what) {
    throw new AssertionError(what);
  }

  @FormatMethod
  private static void check(boolean holds, String what, Object... of) {
    if (!holds) {
      throw new AssertionError(String.format(what, of));
    }
  }
}
