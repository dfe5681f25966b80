package io.synod.paxos;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Some protocol cores, joined by links that deliver in order and at once unless they are cut, with
 * journals that are durable at once unless they are held. For tests that script what happens; what
 * is random belongs to the simulator.
 */
final class CoreCluster {
  static final long MILLI = 1_000_000;
  static final long PING_INTERVAL = 50 * MILLI;
  static final long ELECTION_TIMEOUT = 500 * MILLI;
  static final long STANDBY_AFTER = 1_000 * MILLI;

  /** A message under way. */
  record Flight(ServerId from, ServerId to, Message message) {}

  private final int size;
  private final Set<Integer> bootstrapping;
  private QuorumPolicy quorum;
  private final List<Address> listed = new ArrayList<>();
  private final List<Paxos> cores = new ArrayList<>();
  private final List<List<JournalRecord>> journals = new ArrayList<>();
  private final List<List<Output.Send<Message.Binding>>> held = new ArrayList<>();
  private final List<List<Output.ChosenValue>> chosen = new ArrayList<>();
  private final List<List<Notice>> notices = new ArrayList<>();
  private final List<List<Output.ReadAnswer>> readAnswers = new ArrayList<>();
  private final List<List<ChangeAnswer>> changeAnswers = new ArrayList<>();
  private long changes;
  private final Set<Integer> down = new HashSet<>();
  private final Set<Integer> disksHeld = new HashSet<>();
  private final Set<List<Integer>> cutLinks = new HashSet<>();
  private final ArrayDeque<Flight> flights = new ArrayDeque<>();
  private Predicate<Flight> dropped = flight -> false;
  private final int[] lives;

  /** How fast each clock runs. */
  private final double[] rates;

  private final VersionRange[] supported;

  /** Those that do not read their clocks when that is wanted. */
  private final Set<Integer> clocksHeld = new HashSet<>();

  /** Those that stand still: what comes for them waits. */
  private final Set<Integer> stopped = new HashSet<>();

  private final List<Flight> forStopped = new ArrayList<>();
  private final TreeMap<Integer, Long> hangingSince = new TreeMap<>();
  private long nowNanos;

  private static final int NO_WITNESS = -1;
  private static final long WITNESS_LOG_BYTES = 8_000;

  /** Which of them is a witness. */
  private final int witness;

  CoreCluster(int size) {
    this(size, 0);
  }

  /**
   * @param founders how many found the cluster
   * @param others how many more there are, not listed, that may be added
   */
  CoreCluster(int founders, int others) {
    this(founders, others, Set.of());
  }

  /**
   * @param bootstrapping those that may found without the absent
   */
  CoreCluster(int size, Set<Integer> bootstrapping) {
    this(size, 0, bootstrapping);
  }

  /** Whose voters follow who is there. */
  static CoreCluster dynamic(int size) {
    return new CoreCluster(
        size, 0, Set.of(), new QuorumPolicy(QuorumPolicy.Mode.DYNAMIC, STANDBY_AFTER));
  }

  /** The same, where this one votes alone beside one other. */
  static CoreCluster withLastVoter(int size, int last) {
    return withLastVoter(size, 0, last);
  }

  /** The same, with others that may be added. */
  static CoreCluster withLastVoter(int founders, int others, int last) {
    return new CoreCluster(
        founders,
        others,
        Set.of(),
        new QuorumPolicy(
            QuorumPolicy.Mode.DYNAMIC, STANDBY_AFTER, Optional.of(new ServerId(last))));
  }

  private CoreCluster(int founders, int others, Set<Integer> bootstrapping) {
    this(founders, others, bootstrapping, QuorumPolicy.majority(ELECTION_TIMEOUT));
  }

  private CoreCluster(int founders, int others, Set<Integer> bootstrapping, QuorumPolicy quorum) {
    this(founders, others, bootstrapping, quorum, NO_WITNESS);
  }

  private CoreCluster(
      int founders, int others, Set<Integer> bootstrapping, QuorumPolicy quorum, int witness) {
    this.quorum = quorum;
    this.witness = witness;
    this.size = founders + others;
    this.bootstrapping = bootstrapping;
    this.lives = new int[size];
    this.rates = new double[size];
    Arrays.fill(rates, 1);
    this.supported = new VersionRange[size];
    Arrays.fill(supported, VersionRange.FIRST_ONLY);
    for (int i = 0; i < founders; i++) {
      listed.add(new Address("localhost", 9000 + i));
    }
    for (int i = 0; i < size; i++) {
      cores.add(new Paxos(settings(i), Recovered.nothing()));
      journals.add(new ArrayList<>());
      held.add(new ArrayList<>());
      chosen.add(new ArrayList<>());
      notices.add(new ArrayList<>());
      readAnswers.add(new ArrayList<>());
      changeAnswers.add(new ArrayList<>());
      perform(i, cores.get(i).start(Slot.ZERO, VersionInForce.FIRST));
    }
  }

  PaxosSettings settings(int i) {
    PaxosSettings usual =
        new PaxosSettings(
                new ServerId(i),
                incarnation(i),
                listed,
                new Address("localhost", 8000 + i),
                new ClusterId(new UUID(7, i)),
                i,
                PING_INTERVAL,
                ELECTION_TIMEOUT,
                64,
                1 << 20,
                0)
            .withQuorum(quorum)
            .withSupported(supported[i]);
    PaxosSettings settings = i == witness ? usual.withWitnessLog(WITNESS_LOG_BYTES) : usual;
    return bootstrapping.contains(i) ? settings.withBootstrapAvailable() : settings;
  }

  /** With one that is a witness. */
  static CoreCluster withWitness(int founders, int others, int witness) {
    return new CoreCluster(
        founders, others, Set.of(), QuorumPolicy.majority(ELECTION_TIMEOUT), witness);
  }

  /** Of those that start from now on. */
  void quorum(QuorumPolicy policy) {
    quorum = policy;
  }

  /** From its next start on this server's program can behave by these versions. */
  void supported(int i, VersionRange versions) {
    supported[i] = versions;
  }

  /** The life that this server has now. */
  Incarnation incarnation(int i) {
    return new Incarnation(new UUID(lives[i], i));
  }

  /** The process dies and loses its disk; what starts again is a new life with the same id. */
  void wipe(int i) {
    kill(i);
    journals.get(i).clear();
    lives[i]++;
  }

  /** The process dies, and its directory is replaced by a copy from an earlier day. */
  void rollBack(int i, int records) {
    kill(i);
    List<JournalRecord> journal = journals.get(i);
    journal.subList(records, journal.size()).clear();
  }

  /**
   * What a start makes of a directory whose votes are lost: a new life that keeps what is chosen.
   */
  void renew(int i) {
    kill(i);
    Slot chosenUpTo = Fold.of(journals.get(i)).chosen();
    journals
        .get(i)
        .removeIf(
            record ->
                record instanceof JournalRecord.VotesForgotten
                    || (record instanceof JournalRecord.ValueAccepted value
                        && value.accepted().slot().isAfter(chosenUpTo)));
    lives[i]++;
  }

  /** From the beginning on its clock runs so fast. */
  void rate(int i, double rate) {
    rates[i] = rate;
  }

  private long clock(int i) {
    return Math.round(nowNanos * rates[i]);
  }

  /** From now on its clock is read only when time passes for it. */
  void holdClock(int i) {
    clocksHeld.add(i);
  }

  /** Its clock is read where that is wanted. */
  void releaseClock(int i) {
    clocksHeld.remove(i);
    readClock(i);
    deliverAll();
  }

  private void readClock(int i) {
    if (!clocksHeld.contains(i) && !stopped.contains(i) && cores.get(i).wantsClock()) {
      perform(i, cores.get(i).step(new Input.ClockRead(clock(i))));
    }
  }

  /** The process stands still until {@link #resume}. */
  void stop(int i) {
    stopped.add(i);
  }

  /** It goes on, with what came meanwhile. */
  void resume(int i) {
    stopped.remove(i);
    flights.addAll(forStopped);
    forStopped.clear();
    deliverAll();
  }

  Paxos core(int i) {
    return cores.get(i);
  }

  List<Output.ChosenValue> chosen(int i) {
    return chosen.get(i);
  }

  List<Notice> notices(int i) {
    return notices.get(i);
  }

  List<Output.ReadAnswer> readAnswers(int i) {
    return readAnswers.get(i);
  }

  List<JournalRecord> journal(int i) {
    return journals.get(i);
  }

  /** What matches is lost on the way. */
  void drop(Predicate<Flight> which) {
    dropped = which;
  }

  void cutLink(int a, int b) {
    cutLinks.add(List.of(a, b));
    cutLinks.add(List.of(b, a));
  }

  void healLinks() {
    cutLinks.clear();
  }

  /** The process dies; nobody is told. */
  void kill(int i) {
    down.add(i);
    held.get(i).clear();
  }

  /** The process dies, and the others find its port closed. */
  void killAndRefuse(int i) {
    kill(i);
    for (int other = 0; other < size; other++) {
      if (!down.contains(other)) {
        perform(other, cores.get(other).step(new Input.PeerUnreachable(new ServerId(i))));
      }
    }
    deliverAll();
  }

  /** What its journal holds. */
  Recovered kept(int i) {
    return Fold.of(journals.get(i));
  }

  /** Starts again from what its journal holds. */
  void restart(int i) {
    down.remove(i);
    chosen.get(i).clear();
    cores.set(i, new Paxos(settings(i), kept(i)));
    perform(i, cores.get(i).start(Slot.ZERO, VersionInForce.FIRST));
  }

  /** From now on nothing becomes durable, and the server knows how long it has waited. */
  void hangDisk(int i) {
    holdDisk(i);
    hangingSince.put(i, nowNanos);
  }

  private long syncAge(int i) {
    Long since = hangingSince.get(i);
    return since == null ? 0 : nowNanos - since;
  }

  /** From now on nothing that this server journals becomes durable. */
  void holdDisk(int i) {
    disksHeld.add(i);
  }

  /** Everything it journaled is durable now. */
  void releaseDisk(int i) {
    hangingSince.remove(i);
    disksHeld.remove(i);
    List<Output.Send<Message.Binding>> waiting = new ArrayList<>(held.get(i));
    held.get(i).clear();
    waiting.forEach(send -> fly(i, send.to(), send.message()));
    deliverAll();
  }

  /** Lets time pass for all, a little at a time. */
  void run(long nanos) {
    long step = 5 * MILLI;
    for (long passed = 0; passed < nanos; passed += step) {
      nowNanos += step;
      for (int i = 0; i < size; i++) {
        if (!down.contains(i) && !stopped.contains(i)) {
          perform(
              i,
              cores.get(i).step(new Input.TimePassed(clock(i), syncAge(i), cores.get(i).chosen())));
        }
      }
      deliverAll();
    }
  }

  /** Runs until somebody coordinates; returns who. */
  int elect() {
    for (int i = 0; i < 400; i++) {
      run(5 * MILLI);
      Optional<Integer> coordinator = coordinator();
      if (coordinator.isPresent()) {
        return coordinator.get();
      }
    }
    throw new AssertionError("no coordinator within 2 s: " + notices);
  }

  /** Who coordinates at the highest ballot. */
  Optional<Integer> coordinator() {
    Optional<Integer> found = Optional.empty();
    for (int i = 0; i < size; i++) {
      if (!down.contains(i)
          && cores.get(i).isCoordinating()
          && (found.isEmpty()
              || cores.get(i).followed().isAbove(cores.get(found.get()).followed()))) {
        found = Optional.of(i);
      }
    }
    return found;
  }

  /** Hands a value to the coordinator and delivers what follows. */
  void propose(int i, String text) {
    step(i, new Input.Proposed(List.of(batch(text))));
  }

  static Value.Batch batch(String text) {
    return new Value.Batch(Bytes.utf8(text));
  }

  void step(int i, Input input) {
    perform(i, cores.get(i).step(input));
    deliverAll();
  }

  /** A server that is to join, as it is now. */
  Member joining(int i) {
    return new Member(
        new ServerId(i),
        incarnation(i),
        new Address("localhost", 9000 + i),
        new Address("localhost", 8000 + i),
        Member.Role.LEARNER);
  }

  /** Asks this server for a change and waits for what becomes of it. */
  ChangeAnswer change(int i, MembershipChange change) {
    long id = ++changes;
    step(i, new Input.ChangeRequested(id, change, false));
    return answer(i, id);
  }

  /** What it would be. */
  ChangeAnswer plan(int i, MembershipChange change) {
    long id = ++changes;
    step(i, new Input.ChangeRequested(id, change, true));
    return answer(i, id);
  }

  /** Asks this server to hand over, and waits for what becomes of it. */
  ChangeAnswer handOver(int i, Optional<ServerId> to) {
    long id = ++changes;
    step(i, new Input.HandOverRequested(id, to, "asked to"));
    return answer(i, id);
  }

  private ChangeAnswer answer(int i, long id) {
    for (int waited = 0; waited < 1_000; waited++) {
      for (ChangeAnswer answer : changeAnswers.get(i)) {
        if (answer.id() == id) {
          return answer;
        }
      }
      run(5 * MILLI);
    }
    throw new AssertionError("no answer within 5 s: " + notices);
  }

  /** Runs until this holds. */
  void runUntil(String what, java.util.function.BooleanSupplier reached) {
    for (int i = 0; i < 1_000 && !reached.getAsBoolean(); i++) {
      run(5 * MILLI);
    }
    if (!reached.getAsBoolean()) {
      throw new AssertionError("not within 5 s: " + what + " " + notices);
    }
  }

  /** The texts that this server knows chosen, in order. */
  List<String> texts(int i) {
    List<String> texts = new ArrayList<>();
    for (Output.ChosenValue each : chosen.get(i)) {
      if (each.value() instanceof Value.Batch batch) {
        texts.add(batch.commands().toUtf8());
      }
    }
    return texts;
  }

  /** All that were handed over as chosen agree, slot by slot. */
  void checkAgreement() {
    TreeMap<Slot, Value> values = new TreeMap<>();
    for (List<Output.ChosenValue> each : chosen) {
      for (Output.ChosenValue value : each) {
        Value before = values.putIfAbsent(value.slot(), value.value());
        if (before != null && !before.equals(value.value())) {
          throw new AssertionError("AgreementPerSlot: " + value.slot());
        }
      }
    }
  }

  private void perform(int i, Output output) {
    journals.get(i).addAll(output.records());
    output.sendNow().forEach(send -> fly(i, send.to(), send.message()));
    for (Output.Send<Message.Binding> send : output.sendWhenDurable()) {
      if (disksHeld.contains(i)) {
        held.get(i).add(send);
      } else {
        fly(i, send.to(), send.message());
      }
    }
    chosen.get(i).addAll(output.chosen());
    notices.get(i).addAll(output.notices());
    readAnswers.get(i).addAll(output.readPoints());
    changeAnswers.get(i).addAll(output.changes());
    readClock(i);
  }

  private void fly(int from, ServerId to, Message message) {
    flights.add(new Flight(new ServerId(from), to, message));
  }

  void deliverAll() {
    int delivered = 0;
    Flight flight;
    while ((flight = flights.poll()) != null) {
      int from = flight.from().number();
      int to = flight.to().number();
      if (down.contains(to) || down.contains(from) || cutLinks.contains(List.of(from, to))) {
        continue;
      }
      if (dropped.test(flight)) {
        continue;
      }
      if (stopped.contains(to)) {
        forStopped.add(flight);
        continue;
      }
      if (++delivered > 1_000_000) {
        throw new AssertionError("messages without end, lately " + flight);
      }
      perform(
          to,
          cores
              .get(to)
              .step(new Input.Received(flight.from(), incarnation(from), flight.message())));
    }
  }
}
