package io.synod.simulator;

import io.synod.paxos.ChangeAnswer;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Input;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Message;
import io.synod.paxos.Notice;
import io.synod.paxos.Output;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionInForce;
import io.synod.transport.PeerListener;
import io.synod.transport.PeerMessage;
import io.synod.transport.PeerNetwork;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A server of the light harness: the production core, on a journal that is a list of records with a
 * durable mark, and a store that is a hash.
 */
final class LightServer implements PeerListener, SimulatedServer {
  private static final int INBOX = 4_096;
  private static final int MESSAGES_A_TURN = 64;

  private final LightCluster cluster;
  private final ServerId id;
  private final SplittableRandom random;
  private final SimulatedClock clock;
  private int lives;
  private ServerLife life;

  // ---- the disk
  private DurableState disk = new DurableState();
  private long diskStateHash;
  private Slot diskStateSlot = Slot.ZERO;

  /** Handed to the journal and not durable. */
  private final ArrayDeque<JournalRecord> unsynced = new ArrayDeque<>();

  /** States that are durable as files, by the slot they are of. */
  private final Map<Slot, Long> snapshots = new HashMap<>();

  private double slowSync = 1;

  private long stuckUntilNanos;

  // ---- the process; null and empty while it is down
  private @Nullable Paxos core;
  private @Nullable PeerNetwork network;
  private long run;
  private long appended;
  private long durable;
  private boolean syncing;
  private final ArrayDeque<Long> appendTimes = new ArrayDeque<>();
  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private final ArrayDeque<Input> inbox = new ArrayDeque<>();
  private boolean turnWaits;
  private long turnNumber;
  private long timerAtNanos;
  private long stoppedUntilNanos;
  private long suspendedUntilNanos;
  private double failRate;
  private int priority;
  private boolean dynamic;
  private Slot applied = Slot.ZERO;
  private long stateHash;
  private long leaseReadsSeen;
  private final Map<Long, Slot> readsUnderWay = new HashMap<>();
  private final Map<Value, BiConsumer<LightServer, Slot>> proposals = new HashMap<>();

  private record Held(long position, ServerId to, Message.Binding message) {}

  LightServer(LightCluster cluster, int number) {
    this.cluster = cluster;
    this.id = new ServerId(number);
    this.random = cluster.randoms.of("server" + number);
    Swarm swarm = cluster.swarm;
    this.dynamic = swarm.has(Fault.DYNAMIC_QUORUM);
    double drift =
        swarm.has(Fault.CLOCK_DRIFT) ? 1 + swarm.driftRate * (2 * random.nextDouble() - 1) : 1;
    this.clock = new SimulatedClock(random.nextLong(1_000 * Swarm.SECOND), drift);
    this.life = newLife();
  }

  private ServerLife newLife() {
    lives++;
    return new ServerLife(
        id, new Incarnation(Randoms.uuid(cluster.randoms.of("life" + id + "/" + lives))));
  }

  // ---- what others may ask
  // ------------------------------------------------------------------------------------------------------------------

  @Override
  public ServerId id() {
    return id;
  }

  @Override
  public ServerLife life() {
    return life;
  }

  @Override
  public boolean isUp() {
    return core != null;
  }

  boolean isStopped() {
    return stoppedUntilNanos > cluster.loop.nowNanos();
  }

  @Override
  public Slot applied() {
    return applied;
  }

  @Override
  public Slot chosenKnown() {
    return core == null ? disk.chosen() : core().chosen();
  }

  long stateHash() {
    return stateHash;
  }

  @Override
  public boolean isHarmed() {
    return false;
  }

  @Override
  public boolean isStartable() {
    return true;
  }

  @Override
  public boolean knowsItsSlots() {
    return true;
  }

  @Override
  public boolean hasUnknownSlots() {
    return false;
  }

  @Override
  public boolean coordinates() {
    return core != null && core().isCoordinating() && core().isContent();
  }

  @Override
  public boolean follows() {
    return core != null && core().coordinatorHeard().isPresent();
  }

  @Override
  public String describe() {
    if (core == null) {
      return "down";
    }
    return (core().isCoordinating() ? "coordinates, " : "")
        + (core().isContent() ? "content, " : "")
        + String.format(
            "promised %s, follows %s, chosen %s, applied %s",
            core().promised(), core().followed(), core().chosen(), applied);
  }

  @Override
  public void harmDisk(Fault fault) {}

  @Override
  public void changeOptions() {
    priority = random.nextInt(3);
    dynamic = cluster.swarm.has(Fault.DYNAMIC_QUORUM) && priority > 0;
  }

  /** The core. Only while it is up. */
  Paxos core() {
    Paxos running = core;
    if (running == null) {
      throw new IllegalStateException(id + " is down");
    }
    return running;
  }

  // ---- faults
  // ------------------------------------------------------------------------------------------------------------------

  @Override
  public void start() {
    if (core != null) {
      return;
    }
    run = cluster.nextRun();
    while (!unsynced.isEmpty()) {
      becomeDurable(unsynced.removeFirst());
    }
    Recovered recovered = disk.recovered();
    cluster.trace.note(Trace.Kind.START, id.number(), life);
    cluster.oracle.started(life, run, recovered, diskStateSlot, Oracle.Damage.NONE);
    applied = diskStateSlot;
    stateHash = diskStateHash;
    appended = 0;
    durable = 0;
    core = new Paxos(settings(), recovered);
    leaseReadsSeen = 0;
    network = cluster.network.start(id, life.incarnation(), this);
    perform(core().start(applied, VersionInForce.FIRST), null);
    flush();
    wake(0);
  }

  private PaxosSettings settings() {
    return cluster.swarm.settings(life, cluster.listed, random, priority, dynamic);
  }

  @Override
  public void crash(boolean power) {
    if (core == null) {
      return;
    }
    cluster.trace.note(Trace.Kind.CRASH, id.number(), power ? "power" : "process");
    int kept = unsynced.isEmpty() ? 0 : random.nextInt(unsynced.size() + 1);
    while (unsynced.size() > kept) {
      unsynced.removeLast();
    }
    core = null;
    network = null;
    syncing = false;
    turnWaits = false;
    turnNumber++;
    timerAtNanos = 0;
    stoppedUntilNanos = 0;
    suspendedUntilNanos = 0;
    appendTimes.clear();
    held.clear();
    inbox.clear();
    readsUnderWay.clear();
    proposals.clear();
    cluster.network.end(id, !power);
  }

  @Override
  public void wipe() {
    cluster.oracle.diskLost(life);
    unsynced.clear();
    disk = new DurableState();
    diskStateHash = 0;
    diskStateSlot = Slot.ZERO;
    snapshots.clear();
    life = newLife();
    cluster.trace.note(Trace.Kind.FAULT, id.number(), "disk lost, now " + life);
  }

  @Override
  public void stopFor(long nanos) {
    stoppedUntilNanos = Math.max(stoppedUntilNanos, cluster.loop.nowNanos() + nanos);
  }

  @Override
  public void suspendFor(long nanos) {
    suspendedUntilNanos = cluster.loop.nowNanos() + nanos;
  }

  @Override
  public void failRate(double rate) {
    failRate = rate;
  }

  void priority(int value) {
    priority = value;
  }

  @Override
  public void slowSync(double factor) {
    slowSync = factor;
  }

  @Override
  public void stuckSync(long nanos) {
    stuckUntilNanos = cluster.loop.nowNanos() + nanos;
  }

  @Override
  public SimulatedClock clock() {
    return clock;
  }

  @Override
  public void calm() {
    failRate = 0;
    slowSync = 1;
    stuckUntilNanos = 0;
    suspendedUntilNanos = 0;
    stoppedUntilNanos = 0;
    clock.drift(cluster.loop.nowNanos(), 1);
    turnWaits = false;
    wake(0);
  }

  // ---- requests
  // ------------------------------------------------------------------------------------------------------------------

  /**
   * Proposes if this server coordinates and has room; {@code chosen} is told if it comes through.
   */
  boolean propose(Value.Batch batch, BiConsumer<LightServer, Slot> chosen) {
    if (core == null || isStopped() || core().proposalRoom() == 0) {
      return false;
    }
    proposals.put(batch, chosen);
    step(new Input.Proposed(List.of(batch)));
    return true;
  }

  /** Does one thing now, outside of its turn. */
  void step(Input input) {
    perform(core().step(input), null);
    readClock();
    flush();
    setTimer();
  }

  /** A linearizable read begins; the coordinator's lease may do. */
  void read(long readId, boolean underLease) {
    if (core != null && !isStopped() && core().isOpen()) {
      readsUnderWay.put(readId, cluster.oracle.acknowledged());
      step(new Input.ReadsWaiting(readId, underLease));
    }
  }

  // ---- the duty cycle
  // ------------------------------------------------------------------------------------------------------------------

  @Override
  public boolean received(ServerId from, Incarnation incarnation, PeerMessage message) {
    if (inbox.size() >= INBOX) {
      return false;
    }
    if (suspendedUntilNanos > cluster.loop.nowNanos()) {
      cluster.coverage.hit("suspended.dropped");
      return true;
    }
    if (message instanceof PeerMessage.Protocol protocol) {
      inbox.add(new Input.Received(from, incarnation, protocol.message()));
      wake(random.nextLong(20 * Swarm.MICRO));
    }
    return true;
  }

  @Override
  public void unreachable(ServerId peer) {
    inbox.add(new Input.PeerUnreachable(peer));
    wake(0);
  }

  /** Has a turn come soon; one that is due already will do. */
  private void wake(long nanos) {
    if (turnWaits) {
      return;
    }
    turnWaits = true;
    long delay = nanos;
    if (cluster.isFaulty() && cluster.swarm.has(Fault.STARVED_DRIVER) && random.nextInt(400) == 0) {
      cluster.coverage.hit("fault.STARVED_DRIVER");
      delay += random.nextLong(4 * cluster.swarm.pingIntervalNanos);
    }
    scheduleTurn(delay);
  }

  private void scheduleTurn(long nanos) {
    long number = ++turnNumber;
    cluster.loop.after(
        nanos,
        () -> {
          if (turnNumber != number || core == null) {
            return;
          }
          if (isStopped()) {
            scheduleTurn(stoppedUntilNanos - cluster.loop.nowNanos());
          } else {
            turn();
          }
        });
  }

  private void turn() {
    turnWaits = false;
    timePasses();
    for (int i = 0; i < MESSAGES_A_TURN && !inbox.isEmpty() && core != null; i++) {
      handle(inbox.remove());
    }
    readClock();
    flush();
    if (!inbox.isEmpty()) {
      wake(5 * Swarm.MICRO);
    }
    setTimer();
  }

  private void readClock() {
    if (core != null && core().wantsClock()) {
      perform(core().step(new Input.ClockRead(clock.local(cluster.loop.nowNanos()))), null);
    }
    if (core != null && core().leaseReads() > leaseReadsSeen) {
      cluster.coverage.add("read.underLease", core().leaseReads() - leaseReadsSeen);
      leaseReadsSeen = core().leaseReads();
    }
  }

  private void timePasses() {
    long now = cluster.loop.nowNanos();
    long age = appendTimes.isEmpty() ? 0 : now - appendTimes.peek();
    perform(core().step(new Input.TimePassed(clock.local(now), age, applied)), null);
  }

  private void handle(Input input) {
    ServerId unanswered = null;
    if (input instanceof Input.Received received && failsOnPurpose(received.message())) {
      if (random.nextBoolean()) {
        cluster.coverage.hit("fault.FAIL_RATE.dropped");
        return;
      }
      cluster.coverage.hit("fault.FAIL_RATE.unanswered");
      unanswered = received.from();
    }
    perform(core().step(input), unanswered);
  }

  private boolean failsOnPurpose(Message message) {
    return (message instanceof Message.Prepare || message instanceof Message.Propose)
        && Randoms.chance(random, failRate);
  }

  private void setTimer() {
    if (core == null) {
      return;
    }
    long now = cluster.loop.nowNanos();
    long due = now + Math.max(50 * Swarm.MICRO, clock.trueSpan(core().nanosUntilDeadline()));
    if (timerAtNanos <= now || due < timerAtNanos) {
      timerAtNanos = due;
      long of = run;
      cluster.loop.at(
          due,
          () -> {
            if (run == of && core != null && timerAtNanos == due) {
              timerAtNanos = 0;
              wake(0);
            }
          });
    }
  }

  private void flush() {
    PeerNetwork out = network;
    if (out != null) {
      out.flush();
    }
  }

  // ---- what a step asks for
  // ------------------------------------------------------------------------------------------------------------------

  private void perform(Output output, @Nullable ServerId unanswered) {
    append(output.records());
    for (Output.Send<Message.Unbound> send : output.sendNow()) {
      boolean answer =
          send.message() instanceof Message.Refused || send.message() instanceof Message.Missing;
      if (!(answer && send.to().equals(unanswered))) {
        send(send.to(), send.message());
      }
    }
    for (Output.Send<Message.Binding> send : output.sendWhenDurable()) {
      if (send.to().equals(unanswered)) {
        continue;
      }
      if (durable == appended) {
        send(send.to(), send.message());
      } else {
        held.add(new Held(appended, send.to(), send.message()));
      }
    }
    for (Output.ChosenValue each : output.chosen()) {
      apply(each);
    }
    for (Output.ReadAnswer answer : output.readPoints()) {
      Slot atStart = readsUnderWay.remove(answer.id());
      if (atStart != null && answer instanceof Output.ReadAnswer.Ready ready) {
        cluster.coverage.hit("read.answered");
        cluster.oracle.reads(id, atStart, ready.point());
      } else if (atStart != null) {
        cluster.coverage.hit("read.refused");
      }
    }
    for (ChangeAnswer answer : output.changes()) {
      onChangeAnswer(answer);
    }
    for (Notice notice : output.notices()) {
      onNotice(notice);
    }
  }

  private void onChangeAnswer(ChangeAnswer answer) {
    if (answer instanceof ChangeAnswer.Refused refused) {
      cluster.coverage.hit("change." + refused.reason());
    } else {
      cluster.coverage.hit("change." + answer.getClass().getSimpleName());
    }
    cluster.trace.note(Trace.Kind.NOTICE, id.number(), answer);
    if (answer instanceof ChangeAnswer.Done done) {
      cluster.oracle.changed(id, done.inForce());
    }
  }

  private void append(List<JournalRecord> records) {
    if (records.isEmpty()) {
      return;
    }
    cluster.oracle.appended(life, records);
    for (JournalRecord record : records) {
      unsynced.add(record);
      appendTimes.add(cluster.loop.nowNanos());
    }
    appended += records.size();
    if (cluster.trace.keeps()) {
      cluster.trace.note(Trace.Kind.ACCEPTED, id.number(), records);
    }
    sync();
  }

  private void sync() {
    if (syncing || unsynced.isEmpty()) {
      return;
    }
    syncing = true;
    long of = run;
    int count = unsynced.size();
    long now = cluster.loop.nowNanos();
    long nanos = cluster.swarm.syncNanos / 2 + random.nextLong(cluster.swarm.syncNanos);
    nanos = Math.round(nanos * slowSync);
    if (stuckUntilNanos > now) {
      nanos += stuckUntilNanos - now;
    }
    cluster.loop.after(nanos, () -> synced(of, count));
  }

  private void synced(long of, int count) {
    if (run != of || core == null) {
      return;
    }
    syncing = false;
    for (int i = 0; i < count; i++) {
      becomeDurable(unsynced.removeFirst());
      appendTimes.removeFirst();
    }
    durable += count;
    cluster.trace.note(Trace.Kind.DURABLE, id.number(), -1, durable, "");
    while (!held.isEmpty() && held.peek().position() <= durable) {
      Held next = held.remove();
      send(next.to(), next.message());
    }
    flush();
    sync();
  }

  private void becomeDurable(JournalRecord record) {
    disk.add(record);
    if (record instanceof JournalRecord.Cut cut) {
      Long hash = snapshots.get(cut.slot());
      if (hash == null) {
        throw new Violation("SnapshotCoversTruncation", id + " cuts at " + cut.slot());
      }
      diskStateSlot = cut.slot();
      diskStateHash = hash;
      snapshots.keySet().removeIf(slot -> slot.isBefore(cut.slot()));
    }
    cluster.oracle.durable(life, record);
  }

  private void send(ServerId to, Message message) {
    cluster.oracle.sends(life, message);
    if (to.equals(id)) {
      inbox.add(new Input.Received(id, life.incarnation(), message));
      wake(0);
    } else if (suspendedUntilNanos > cluster.loop.nowNanos()) {
      cluster.coverage.hit("suspended.dropped");
    } else {
      PeerNetwork out = network;
      if (out != null) {
        out.send(to, new PeerMessage.Protocol(message));
      }
    }
  }

  private void apply(Output.ChosenValue each) {
    cluster.oracle.applies(life, each.slot(), each.value());
    applied = each.slot();
    stateHash = Randoms.mix(stateHash * 31 + each.value().hashCode());
    cluster.oracle.stateHash(life, applied, stateHash);
    cluster.trace.note(Trace.Kind.APPLIED, id.number(), -1, applied.number(), each.value());
    BiConsumer<LightServer, Slot> proposal = proposals.remove(each.value());
    if (proposal != null) {
      proposal.accept(this, applied);
    }
  }

  private void onNotice(Notice notice) {
    cluster.coverage.hit(NoticeName.of(notice));
    if (cluster.trace.keeps() || !(notice instanceof Notice.Ignored)) {
      cluster.trace.note(Trace.Kind.NOTICE, id.number(), notice);
    }
    if (notice instanceof Notice.VotesMoved moved) {
      NoticeName.countVotes(moved, cluster.coverage);
    }
    if (notice instanceof Notice.PeerMisbehaved misbehaved) {
      throw new Violation("PeersBehave", id + ": " + misbehaved);
    }
    if (notice instanceof Notice.SnapshotNeeded needed) {
      fetchSnapshot(needed.from());
    }
  }

  // ---- snapshots
  // ------------------------------------------------------------------------------------------------------------------

  @Override
  public void takeSnapshot() {
    if (core == null || isStopped() || !core().isOpen() || !applied.isAfter(diskStateSlot)) {
      return;
    }
    snapshots.put(applied, stateHash);
    cluster.coverage.hit("fault.SNAPSHOT");
    step(new Input.SnapshotTaken(applied));
  }

  private void fetchSnapshot(ServerId from) {
    long of = run;
    cluster.loop.after(
        2 * cluster.swarm.delayNanos + random.nextLong(50 * Swarm.MILLI),
        () -> {
          if (run == of && core != null) {
            installFrom(cluster.servers.get(from.number()));
          }
        });
  }

  private void installFrom(LightServer source) {
    boolean reaches =
        source.isUp()
            && !source.isStopped()
            && !cluster.network.isCut(source.id.number(), id.number())
            && !cluster.network.isCut(id.number(), source.id.number());
    if (!reaches || !source.applied.isAfter(applied) || Randoms.chance(random, 0.1)) {
      cluster.coverage.hit("snapshot.givenUp");
      step(new Input.SnapshotGivenUp());
      return;
    }
    cluster.coverage.hit("snapshot.installed");
    MembershipInForce membership = source.core().membershipAt(source.applied);
    applied = source.applied;
    stateHash = source.stateHash;
    snapshots.put(applied, stateHash);
    cluster.oracle.installed(life, applied);
    cluster.oracle.stateHash(life, applied, stateHash);
    step(new Input.SnapshotInstalled(applied, membership, VersionInForce.FIRST));
  }
}
