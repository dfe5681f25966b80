package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * The cores alone under random delays, losses, repetitions, crashes with lost unsynced records, and
 * link cuts: one seed decides all. The full simulation is in {@code io.synod.simulator}; this one
 * is small, and tells within seconds when the protocol is wrong.
 */
class RandomSchedulesTest {
  private static final long MILLI = CoreCluster.MILLI;
  private static final int SEEDS = Integer.getInteger("synod.core.seeds", 200);
  private static final long FIRST = Long.getLong("synod.core.first", 1);

  @Test
  void nothingGoesWrongUnderRandomSchedules() {
    long chosen = 0;
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      try {
        chosen += new Run(seed).run();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(
            "seed " + seed + ": replay with -Dsynod.core.first=" + seed + " -Dsynod.core.seeds=1",
            e);
      }
    }
    assertTrue(chosen > SEEDS * 20L, "only " + chosen + " values chosen");
  }

  /** One seed's run. */
  private static final class Run {
    private record Flight(
        long atNanos, long order, int from, int to, Incarnation life, Message message) {}

    private final SplittableRandom random;
    private final int founders;
    private final int size;
    private final List<Address> listed = new ArrayList<>();
    private final Paxos[] cores;
    private final List<List<JournalRecord>> journals = new ArrayList<>();
    private final int[] durable;
    private final List<List<Pending>> pending = new ArrayList<>();
    private final long[] clocks;
    private final long[] downUntil;
    private final boolean[][] cut;
    private final TreeMap<Slot, Value> chosen = new TreeMap<>();
    private final Slot[] applied;
    private final TreeMap<Long, List<Flight>> flights = new TreeMap<>();
    private final double loss;
    private final double repetition;
    private final long delay;
    private final double crash;
    private final double cuts;
    private final double changes;
    private long nowNanos;
    private long proposed;
    private long asked;

    private record Pending(int position, ServerId to, Message message) {}

    Run(long seed) {
      random = new SplittableRandom(seed);
      founders = 1 + random.nextInt(5);
      size = founders + (random.nextBoolean() ? 0 : 1 + random.nextInt(2));
      cores = new Paxos[size];
      durable = new int[size];
      clocks = new long[size];
      downUntil = new long[size];
      applied = new Slot[size];
      cut = new boolean[size][size];
      loss = random.nextBoolean() ? 0 : random.nextDouble() * 0.3;
      repetition = random.nextBoolean() ? 0 : random.nextDouble() * 0.3;
      delay = MILLI * (1 + random.nextInt(random.nextBoolean() ? 3 : 60));
      crash = random.nextBoolean() ? 0 : 0.002;
      cuts = random.nextBoolean() ? 0 : 0.002;
      changes = random.nextBoolean() ? 0 : 0.005;
      for (int i = 0; i < founders; i++) {
        listed.add(new Address("localhost", 9000 + i));
      }
      for (int i = 0; i < size; i++) {
        journals.add(new ArrayList<>());
        pending.add(new ArrayList<>());
        start(i);
      }
    }

    private void start(int i) {
      PaxosSettings settings =
          new PaxosSettings(
              new ServerId(i),
              new Incarnation(new UUID(1, i)),
              listed,
              new Address("localhost", 8000 + i),
              new ClusterId(new UUID(2, i)),
              random.nextLong(),
              50 * MILLI,
              500 * MILLI,
              8,
              300,
              0);
      Recovered recovered = Fold.of(journals.get(i));
      cores[i] = new Paxos(settings, recovered);
      applied[i] = recovered.cut();
      perform(i, cores[i].start(recovered.cut(), VersionInForce.FIRST));
    }

    long run() {
      while (nowNanos < 20_000 * MILLI) {
        turn(nowNanos < 12_000 * MILLI);
      }
      Slot last = chosen.isEmpty() ? Slot.ZERO : chosen.lastKey();
      MembershipInForce newest = cores[0].membership();
      for (Paxos core : cores) {
        if (core.isOpen() && !core.membership().decidedAt().isBefore(newest.decidedAt())) {
          newest = core.membership();
        }
      }
      int coordinators = 0;
      for (int i = 0; i < size; i++) {
        boolean member = newest.membership().member(new ServerId(i)).isPresent();
        assertEquals(member, cores[i].isMember(), "server " + i + " of " + newest);
        if (member) {
          assertEquals(last, applied[i], "applied by server " + i);
        }
        coordinators += cores[i].isCoordinating() ? 1 : 0;
      }
      assertEquals(1, coordinators, "coordinators in the end");
      return chosen.values().stream().filter(Value.Batch.class::isInstance).count();
    }

    private void turn(boolean faults) {
      nowNanos += 2 * MILLI;
      if (faults) {
        breakSomething();
      } else {
        for (boolean[] row : cut) {
          java.util.Arrays.fill(row, false);
        }
      }
      for (int i = 0; i < size; i++) {
        if (downUntil[i] > 0 && nowNanos >= downUntil[i]) {
          downUntil[i] = 0;
          start(i);
        }
        if (downUntil[i] == 0) {
          clocks[i] += 2 * MILLI;
          sync(i);
          step(i, new Input.TimePassed(clocks[i], 0, applied[i]));
          if (nowNanos < 17_000 * MILLI && cores[i].proposalRoom() > 0 && random.nextInt(10) == 0) {
            step(
                i,
                new Input.Proposed(
                    List.of(
                        CoreCluster.batch(
                            "v" + ++proposed + " " + "x".repeat(random.nextInt(200))))));
          }
          if (random.nextInt(400) == 0 && cores[i].isOpen() && applied[i].number() > 10) {
            step(i, new Input.SnapshotTaken(Slot.of(applied[i].number() - random.nextInt(10))));
          }
        }
      }
      assertTrue(flights.size() < 200_000, "messages without end");
      while (!flights.isEmpty() && flights.firstKey() <= nowNanos) {
        for (Flight flight : flights.pollFirstEntry().getValue()) {
          if (downUntil[flight.to()] == 0 && !cut[flight.from()][flight.to()]) {
            step(
                flight.to(),
                new Input.Received(new ServerId(flight.from()), flight.life(), flight.message()));
          }
        }
      }
    }

    /** As an operator would ask, of whoever coordinates. */
    private void changeSomething() {
      MembershipChange change =
          switch (random.nextInt(6)) {
            case 0, 1 -> new MembershipChange.Add(joining());
            case 2 -> new MembershipChange.Remove(anyServer());
            case 3 -> new MembershipChange.Replace(anyServer(), joining());
            case 4 -> new MembershipChange.Promote(anyServer());
            default -> new MembershipChange.Demote(anyServer());
          };
      boolean moves = random.nextInt(4) == 0;
      for (int i = 0; i < size; i++) {
        if (downUntil[i] == 0 && cores[i].isCoordinating()) {
          asked++;
          step(
              i,
              moves
                  ? new Input.HandOverRequested(asked, Optional.empty(), "asked to")
                  : new Input.ChangeRequested(asked, change, random.nextInt(8) == 0));
        }
      }
    }

    private ServerId anyServer() {
      return new ServerId(random.nextInt(size));
    }

    private Member joining() {
      int i = random.nextInt(size);
      return new Member(
          new ServerId(i),
          new Incarnation(new UUID(1, i)),
          new Address("localhost", 9000 + i),
          new Address("localhost", 8000 + i),
          Member.Role.LEARNER);
    }

    private void breakSomething() {
      if (random.nextDouble() < changes) {
        changeSomething();
      }
      if (random.nextDouble() < crash) {
        int i = random.nextInt(size);
        if (downUntil[i] == 0) {
          List<JournalRecord> journal = journals.get(i);
          int kept = durable[i] + random.nextInt(journal.size() - durable[i] + 1);
          journal.subList(kept, journal.size()).clear();
          durable[i] = kept;
          pending.get(i).clear();
          downUntil[i] = nowNanos + random.nextLong(1_500 * MILLI);
        }
      }
      if (random.nextDouble() < cuts) {
        int a = random.nextInt(size);
        int b = random.nextInt(size);
        boolean now = !cut[a][b];
        cut[a][b] = now;
        if (random.nextBoolean()) {
          cut[b][a] = now;
        }
      }
    }

    /** Makes some of what was journaled durable, and lets go what waited for it. */
    private void sync(int i) {
      if (random.nextInt(3) == 0) {
        durable[i] = journals.get(i).size();
        List<Pending> waiting = pending.get(i);
        while (!waiting.isEmpty() && waiting.get(0).position() <= durable[i]) {
          Pending next = waiting.remove(0);
          fly(i, next.to(), next.message());
        }
      }
    }

    private void step(int i, Input input) {
      perform(i, cores[i].step(input));
    }

    private void perform(int i, Output output) {
      journals.get(i).addAll(output.records());
      for (Output.Send<Message.Unbound> send : output.sendNow()) {
        fly(i, send.to(), send.message());
      }
      for (Output.Send<Message.Binding> send : output.sendWhenDurable()) {
        pending.get(i).add(new Pending(journals.get(i).size(), send.to(), send.message()));
      }
      for (Output.ChosenValue each : output.chosen()) {
        assertEquals(applied[i].next(), each.slot(), "applied in order by server " + i);
        applied[i] = each.slot();
        Value before = chosen.putIfAbsent(each.slot(), each.value());
        assertTrue(
            before == null || before.equals(each.value()),
            () ->
                "AgreementPerSlot: "
                    + each.slot()
                    + " server "
                    + i
                    + " "
                    + before
                    + " / "
                    + each.value());
      }
      for (Notice notice : output.notices()) {
        if (Boolean.getBoolean("synod.core.trace") && !(notice instanceof Notice.Ignored)) {
          System.out.println("T " + nowNanos / MILLI + " s" + i + " " + notice);
        }
        assertTrue(!(notice instanceof Notice.PeerMisbehaved), notice::toString);
        if (notice instanceof Notice.SnapshotNeeded needed) {
          int source = needed.from().number();
          Slot at = applied[source];
          step(
              i,
              new Input.SnapshotInstalled(
                  at, cores[source].membershipAt(at), VersionInForce.FIRST));
          applied[i] = Slot.max(applied[i], at);
        }
      }
    }

    private void fly(int from, ServerId to, Message message) {
      boolean self = from == to.number();
      if (!self && random.nextDouble() < loss && nowNanos < 12_000 * MILLI) {
        return;
      }
      int copies = !self && random.nextDouble() < repetition ? 2 : 1;
      for (int i = 0; i < copies; i++) {
        long at = nowNanos + (self ? 0 : random.nextLong(delay));
        flights
            .computeIfAbsent(at, any -> new ArrayList<>())
            .add(new Flight(at, 0, from, to.number(), new Incarnation(new UUID(1, from)), message));
      }
    }
  }
}
