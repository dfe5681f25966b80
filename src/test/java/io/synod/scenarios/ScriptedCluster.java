package io.synod.scenarios;

import io.synod.journal.Journal;
import io.synod.journal.JournalOwner;
import io.synod.journal.JournalSettings;
import io.synod.journal.OpenedJournal;
import io.synod.paxos.Address;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Input;
import io.synod.paxos.Message;
import io.synod.paxos.Notice;
import io.synod.paxos.Output;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionInForce;
import io.synod.simulator.disk.DiskFault;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Protocol cores with production journals on simulated disks, joined by links that deliver in order
 * and at once. What goes wrong is scripted.
 */
final class ScriptedCluster {
  static final long MILLI = 1_000_000;
  static final long PING_INTERVAL = 50 * MILLI;
  static final long ELECTION_TIMEOUT = 500 * MILLI;
  static final int PIPELINE = 64;
  private static final int MOST_MESSAGES = 100_000;

  /** A message under way. */
  record Flight(int from, int to, Message message) {}

  private final List<Server> servers = new ArrayList<>();
  private final List<Address> listed = new ArrayList<>();
  private final ArrayDeque<Flight> flights = new ArrayDeque<>();
  private final List<Flight> sent = new ArrayList<>();
  private Predicate<Flight> dropped = flight -> false;
  private long nowNanos;

  /** One server; its disk outlives its processes. */
  private static final class Server {
    final int number;
    SimulatedDisk disk;
    Incarnation life;
    int lives;
    final List<String> texts = new ArrayList<>();
    final List<Notice> notices = new ArrayList<>();
    final List<Output.ReadAnswer> readAnswers = new ArrayList<>();
    final List<Held> held = new ArrayList<>();
    Optional<Running> process = Optional.empty();
    boolean diskHeld;
    int priority;
    boolean bootstraps;
    long witnessLogBytes;

    Server(int number) {
      this.number = number;
      this.disk = newDisk();
      this.life = newLife();
    }

    SimulatedDisk newDisk() {
      return new SimulatedDisk("disk" + number, new SplittableRandom(number));
    }

    Incarnation newLife() {
      return new Incarnation(new UUID(++lives, number));
    }
  }

  private record Running(Paxos core, Journal journal, OpenedJournal opened) {}

  private record Held(long position, Output.Send<Message.Binding> send) {}

  ScriptedCluster(int size) {
    for (int i = 0; i < size; i++) {
      listed.add(new Address("localhost", 9000 + i));
      servers.add(new Server(i));
    }
    for (int i = 0; i < size; i++) {
      start(i);
    }
  }

  private PaxosSettings settings(Server server) {
    PaxosSettings usual =
        new PaxosSettings(
            new ServerId(server.number),
            incarnation(server.number),
            listed,
            new Address("localhost", 8000 + server.number),
            new ClusterId(new UUID(server.lives, server.number)),
            server.number,
            PING_INTERVAL,
            ELECTION_TIMEOUT,
            PIPELINE,
            1 << 20,
            server.priority);
    PaxosSettings settings =
        server.witnessLogBytes > 0 ? usual.withWitnessLog(server.witnessLogBytes) : usual;
    return server.bootstraps ? settings.withBootstrapAvailable() : settings;
  }

  /** The life that a server's directory has. */
  Incarnation incarnation(int i) {
    return servers.get(i).life;
  }

  /** The protocol of a server that runs. */
  Paxos core(int i) {
    return process(i).core();
  }

  /** What its journal found when it was opened last. */
  OpenedJournal opened(int i) {
    return process(i).opened();
  }

  private Running process(int i) {
    return servers.get(i).process.orElseThrow();
  }

  SimulatedDisk disk(int i) {
    return servers.get(i).disk;
  }

  /** Puts an earlier copy in the place of the disk of a server that is down. */
  void rollBack(int i, SimulatedDisk earlier) {
    servers.get(i).disk = earlier;
  }

  List<Notice> notices(int i) {
    return servers.get(i).notices;
  }

  /** What became of the reads that waited at a server. */
  List<Output.ReadAnswer> readAnswers(int i) {
    return servers.get(i).readAnswers;
  }

  /** The texts that a server knows chosen, in order, in its present run. */
  List<String> texts(int i) {
    return servers.get(i).texts;
  }

  /** All messages that were sent, lost ones too. */
  List<Flight> sent() {
    return sent;
  }

  /** Counts from the next start on. */
  void priority(int i, int priority) {
    servers.get(i).priority = priority;
  }

  /** From the next start on it may found without the absent. */
  void bootstrapAvailable(int i) {
    servers.get(i).bootstraps = true;
  }

  /** From the next start on it is a witness, whose log may grow so large. */
  void witness(int i, long logBytes) {
    servers.get(i).witnessLogBytes = logBytes;
  }

  /** What matches is lost on the way. */
  void drop(Predicate<Flight> which) {
    dropped = which;
  }

  /** This server hears nobody and nobody hears it. */
  void isolate(int i) {
    drop(flight -> flight.from() != flight.to() && (flight.from() == i || flight.to() == i));
  }

  /** The process dies; what it wrote stays readable, synced or not. */
  void kill(int i) {
    end(i);
    disk(i).crash();
  }

  /** The power goes at a server; what it had not synced is lost. */
  void losePower(int i) {
    end(i);
    disk(i).powerLoss(0);
  }

  /** The process dies and its disk is lost: what starts again is a new life. */
  void loseDisk(int i) {
    end(i);
    servers.get(i).disk = servers.get(i).newDisk();
  }

  private void end(int i) {
    Server server = servers.get(i);
    server.process = Optional.empty();
    server.held.clear();
    server.diskHeld = false;
  }

  /** Starts on what the disk holds. */
  void start(int i) {
    Server server = servers.get(i);
    try {
      OpenedJournal opened =
          Journal.open(
              server.disk,
              new JournalSettings(1 << 16, 8, 1_024, false),
              new JournalOwner(new ServerId(i), server::newLife, Optional.empty()),
              () -> nowNanos);
      server.life = opened.identity().incarnation();
      Paxos core = new Paxos(settings(server), opened.recovered());
      server.process = Optional.of(new Running(core, opened.journal(), opened));
      server.texts.clear();
      perform(server, core.start(opened.recovered().cut(), VersionInForce.FIRST));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    deliverAll();
  }

  /** From now on the journal of this server writes nothing. */
  void holdDisk(int i) {
    servers.get(i).diskHeld = true;
  }

  /** It writes and syncs again. */
  void releaseDisk(int i) {
    servers.get(i).diskHeld = false;
    sync(servers.get(i));
    deliverAll();
  }

  /** The process of a server whose disk is held dies between the write and the sync. */
  void killBetweenWriteAndSync(int i) {
    Running process = process(i);
    SimulatedDisk disk = disk(i);
    disk.failAt(disk.operations() + 1, DiskFault.CRASH);
    try {
      process.journal().write();
      throw new AssertionError("the write ended");
    } catch (IOException expected) {
      kill(i);
    }
    disk.failAt(-1, DiskFault.WRITE_FAILED);
  }

  /** The journal notes that all of it is synced, as it does when nothing is written for a while. */
  void settle(int i) {
    try {
      while (process(i).journal().write()) {
        // The note is the last.
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Inverts the bits of a text wherever it stands in a server's files; returns how often. */
  int damage(int i, String text) throws IOException {
    int found = 0;
    byte[] sought = Bytes.utf8(text).toArray();
    for (String file : disk(i).list()) {
      byte[] bytes = disk(i).bytes(file);
      for (int at = 0; at + sought.length <= bytes.length; at++) {
        if (Arrays.equals(bytes, at, at + sought.length, sought, 0, sought.length)) {
          disk(i).flipBit(file, at, 0);
          found++;
        }
      }
    }
    return found;
  }

  /** Lets time pass for all, a little at a time. */
  void run(long nanos) {
    long step = 5 * MILLI;
    for (long passed = 0; passed < nanos; passed += step) {
      nowNanos += step;
      for (Server server : servers) {
        if (server.process.isPresent()) {
          Paxos core = core(server.number);
          perform(server, core.step(timePassed(server.number)));
        }
      }
      deliverAll();
    }
  }

  private Input.TimePassed timePassed(int i) {
    Running process = process(i);
    return new Input.TimePassed(
        nowNanos, process.journal().syncAgeNanos(nowNanos), process.core().chosen());
  }

  /** Runs until somebody coordinates; returns who. */
  int elect() {
    for (int i = 0; i < 600; i++) {
      run(5 * MILLI);
      Optional<Integer> coordinator = coordinator();
      if (coordinator.isPresent()) {
        return coordinator.get();
      }
    }
    throw new AssertionError("no coordinator within 3 s");
  }

  /** Who coordinates at the highest ballot. */
  Optional<Integer> coordinator() {
    Optional<Integer> found = Optional.empty();
    for (Server server : servers) {
      if (server.process.isPresent()
          && core(server.number).isCoordinating()
          && (found.isEmpty()
              || core(server.number).followed().isAbove(core(found.get()).followed()))) {
        found = Optional.of(server.number);
      }
    }
    return found;
  }

  static Value.Batch batch(String text) {
    return new Value.Batch(Bytes.utf8(text));
  }

  void propose(int i, String text) {
    step(i, new Input.Proposed(List.of(batch(text))));
  }

  /** A message comes that nobody of the others sent. */
  void receive(int i, int from, Message message) {
    step(i, new Input.Received(new ServerId(from), incarnation(from), message));
  }

  void step(int i, Input input) {
    perform(servers.get(i), core(i).step(input));
    deliverAll();
  }

  /** As much time passes at once for this server alone. */
  void jump(int i, long nanos) {
    nowNanos += nanos;
    step(i, timePassed(i));
  }

  /** Whether each of these servers has what another has, and nothing else. */
  boolean agree(int... numbers) {
    Set<List<String>> all = new HashSet<>();
    for (int i : numbers) {
      all.add(texts(i));
    }
    return all.size() == 1;
  }

  private void perform(Server server, Output output) {
    long position = process(server.number).journal().append(output.records());
    output.sendNow().forEach(send -> fly(server.number, send.to().number(), send.message()));
    output.sendWhenDurable().forEach(send -> server.held.add(new Held(position, send)));
    for (Output.ChosenValue each : output.chosen()) {
      if (each.value() instanceof Value.Batch batch) {
        server.texts.add(batch.commands().toUtf8());
      }
    }
    server.notices.addAll(output.notices());
    server.readAnswers.addAll(output.readPoints());
    if (!server.diskHeld) {
      sync(server);
    }
  }

  private void sync(Server server) {
    Journal journal = process(server.number).journal();
    try {
      long position = journal.append(List.of());
      while (journal.durable() < position) {
        journal.write();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.held.removeIf(
        each -> {
          boolean leaves = each.position() <= journal.durable();
          if (leaves) {
            fly(server.number, each.send().to().number(), each.send().message());
          }
          return leaves;
        });
  }

  private void fly(int from, int to, Message message) {
    Flight flight = new Flight(from, to, message);
    sent.add(flight);
    flights.add(flight);
  }

  private void deliverAll() {
    int delivered = 0;
    Flight flight;
    while ((flight = flights.poll()) != null) {
      if (++delivered > MOST_MESSAGES) {
        throw new AssertionError(
            "messages without end, lately " + sent.subList(sent.size() - 12, sent.size()));
      }
      Server to = servers.get(flight.to());
      boolean arrives =
          to.process.isPresent()
              && servers.get(flight.from()).process.isPresent()
              && !dropped.test(flight);
      if (arrives) {
        Input.Received received =
            new Input.Received(
                new ServerId(flight.from()), incarnation(flight.from()), flight.message());
        perform(to, core(flight.to()).step(received));
      }
    }
  }

  /** The slot of the last value chosen at a server. */
  Slot chosen(int i) {
    return core(i).chosen();
  }
}
