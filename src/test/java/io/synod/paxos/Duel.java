package io.synod.paxos;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
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
  private Slot acknowledged = Slot.ZERO;
  private long proposed;
  private long reads;
  private long batches;
  private int wiped = -1;

  /** One server, up or down. */
  private final class Server {
    final int number;
    int lives;
    List<JournalRecord> journal = new ArrayList<>();
    int durable;
    final List<Pending> pending = new ArrayList<>();
    final TreeMap<Long, Slot> reading = new TreeMap<>();
    Optional<Paxos> core = Optional.empty();
    long clock;
    Slot applied = Slot.ZERO;

    Server(int number) {
      this.number = number;
    }

    Incarnation life() {
      return new Incarnation(new UUID(lives, number));
    }
  }

  private Duel(long seed) {
    random = new SplittableRandom(seed);
    size = SIZES[random.nextInt(SIZES.length)];
    cut = new boolean[size][size];
    window = 1 << random.nextInt(7);
    pipeline = 1 << random.nextInt(6);
    messageBytes = random.nextBoolean() ? 1 << 16 : 40 + random.nextInt(200);
    loss = random.nextBoolean() ? 0 : random.nextDouble() * 0.1;
    syncs = 0.2 + 0.8 * random.nextDouble();
    changes = random.nextBoolean();
    for (int i = 0; i < size; i++) {
      listed.add(new Address("localhost", 9000 + i));
      servers.add(new Server(i));
    }
  }

  /** What is wrong with a seed, if anything is. */
  public static Optional<Throwable> failure(long seed) {
    try {
      new Duel(seed).run();
      return Optional.empty();
    } catch (RuntimeException | AssertionError e) {
      return Optional.of(e);
    }
  }

  /** How many values were chosen. */
  static long run(long seed) {
    return new Duel(seed).run();
  }

  private long run() {
    servers.forEach(this::start);
    for (int i = 0; i < STEPS; i++) {
      one(i > CALM_STEPS);
    }
    return batches;
  }

  private void start(Server server) {
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
    perform(server, core.start(recovered.cut()));
  }

  private Server any() {
    return servers.get(random.nextInt(size));
  }

  private void one(boolean faults) {
    int drawn = random.nextInt(faults ? 1_000 : 985);
    if (drawn < 500) {
      deliver();
    } else if (drawn < 620) {
      Server server = any();
      server.clock += random.nextLong(10 * MILLI);
      step(server, new Input.TimePassed(server.clock, 0, server.applied));
    } else if (drawn < 800) {
      if (random.nextDouble() < syncs) {
        sync(any());
      }
    } else if (drawn < 930) {
      propose();
    } else if (drawn < 985) {
      read(any());
    } else if (drawn < 987) {
      cut();
    } else if (drawn < 992) {
      heal();
    } else if (drawn < 994) {
      Server server = any();
      if (server.applied.number() > 10) {
        step(
            server,
            new Input.SnapshotTaken(new Slot(server.applied.number() - random.nextInt(10))));
      }
    } else if (drawn < 997) {
      crashOrStart(any());
    } else if (changes && drawn < 998) {
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
    List<Pending> ready = new ArrayList<>(server.pending);
    server.pending.clear();
    ready.forEach(each -> fly(server, each.to(), each.message()));
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
      step(server, new Input.ReadsWaiting(reads));
    }
  }

  /** Cuts a server off, a coordinator if there is one, and perhaps has the others told. */
  private void cut() {
    Server victim = any();
    for (Server server : servers) {
      if (server.core.map(Paxos::isCoordinating).orElse(false) && random.nextInt(3) > 0) {
        victim = server;
      }
    }
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

  private void heal() {
    for (boolean[] row : cut) {
      Arrays.fill(row, false);
    }
  }

  private void crashOrStart(Server drawn) {
    for (Server each : servers) {
      if (each.core.isEmpty() && random.nextInt(3) > 0) {
        start(each);
        return;
      }
    }
    Server server = drawn;
    if (server.core.isEmpty()) {
      return;
    }
    server.core = Optional.empty();
    server.pending.clear();
    server.reading.clear();
    int kept = server.durable + random.nextInt(server.journal.size() - server.durable + 1);
    server.journal.subList(kept, server.journal.size()).clear();
    if (changes && random.nextInt(3) == 0 && canLoseItsDisk(server)) {
      server.journal = new ArrayList<>();
      server.durable = 0;
      server.lives++;
      server.applied = Slot.ZERO;
      wiped = server.number;
    }
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
        int place = random.nextInt(members.size());
        Member member = members.get(place);
        members.set(
            place,
            member.withRole(
                member.role() == Member.Role.VOTER ? Member.Role.STANDBY : Member.Role.VOTER));
        boolean present =
            members.stream()
                .filter(each -> each.role().votes())
                .allMatch(
                    each -> each.incarnation().equals(servers.get(each.server().number()).life()));
        if (present && members.stream().anyMatch(each -> each.role().votes())) {
          step(server, new Input.MembershipProposed(new Membership(now.decidedAt(), members)));
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
    server.journal.addAll(output.records());
    for (Output.Send<Message.Unbound> send : output.sendNow()) {
      fly(server, send.to(), send.message());
    }
    for (Output.Send<Message.Binding> send : output.sendWhenDurable()) {
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
      if (notice instanceof Notice.SnapshotNeeded needed) {
        install(server, servers.get(needed.from().number()));
      }
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
    step(server, new Input.SnapshotInstalled(at, source.core.get().membershipAt(at)));
  }

  private void fly(Server from, ServerId to, Message message) {
    flights.add(new Flight(from.number, to.number(), from.life(), message));
  }

  private static void check(boolean holds, String what, Object... of) {
    if (!holds) {
      throw new AssertionError(String.format(what, of));
    }
  }
}
